/*
 * fuzz_host: the files of a whole host, which name and override each other, a jail's own rc.conf among them.
 * Input: a line "r", "j" or "e" for what is asked (rc-conf, jail-conf, ezjail); then each file after a line "@N", N of paths below.
 */
#include "tests/fuzz/fuzz_conv.h"

static const char *const paths[] = { "/etc/rc.conf", "/etc/rc.conf.local", "/etc/jail.conf", "/etc/jail.a.conf", "/etc/jail.conf.d/b.conf",
	"/usr/local/etc/ezjail/a", "/usr/local/etc/ezjail/b.norun", "/j/a/etc/rc.conf", "/j/b/etc/rc.conf" };

static size_t
file_starts(const uint8_t *data, size_t size, size_t from)
{
	for (size_t i = from; i + 3 <= size; i++)
		if (data[i] == '@' && data[i + 2] == '\n' && data[i + 1] - '0' >= 0 && (size_t)(data[i + 1] - '0') < NELEMS(paths) &&
		    (i == 0 || data[i - 1] == '\n'))
			return (i);
	return (size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum conv_kind kind = size > 0 && data[0] == 'r' ? CONV_RC_CONF : size > 0 && data[0] == 'e' ? CONV_EZJAIL : CONV_JAIL_CONF;
	struct conv_file files[16];
	char *texts[NELEMS(files)];
	size_t n = 0, at = file_starts(data, size, 0), end;

	for (; at < size && n < NELEMS(files); at = end, n++) {
		end = file_starts(data, size, at + 3);
		texts[n] = fuzz_text(data + at + 3, end - at - 3);
		files[n] = (struct conv_file){ paths[data[at + 1] - '0'], texts[n], end - at - 3, NULL };
	}
	fuzz_files(kind, files, n, size);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	return (0);
}
