/* What the fuzzers of convert/ share: read, check what came, write it out again in every format. */
#include "convert/conv.h"
#include "core/str.h"
#include "tests/fuzz/fuzz.h"

/* size: of all of them. */
static void
fuzz_files(enum conv_kind kind, const struct conv_file *files, size_t n, size_t size)
{
	static const struct conv_known known[] = { { NULL, "re0", { { 0, 1, 2, 3, 4, 5 } } } };
	struct conv_opts opts = { .mode = (enum conv_mode)(size % 3), .hooks = (enum conv_hooks)(size / 3 % 3), .managed = size / 9 % 2 == 0,
		.params = size / 18 % 2 == 0,
		.uplink = "re0", .known = known, .nknown = 1 };
	struct err err = { 0 };
	struct topo t;
	struct conv c;

	conv_init(&c);
	FUZZ_CHECK(conv_import(&c, kind, files, n, &opts, &t, &err) == 0);
	for (size_t i = 0; i < c.nmsgs; i++) {
		FUZZ_CHECK(c.msgs[i].text[0] != '\0' && str_utf8(c.msgs[i].text, strlen(c.msgs[i].text)));
		FUZZ_CHECK(c.msgs[i].line <= size + 1 && c.msgs[i].col <= size + 1);
	}
	for (size_t i = 0; i < c.ntexts; i++)
		FUZZ_CHECK(str_utf8(c.texts[i].text, strlen(c.texts[i].text)));
	for (int i = 0; i < KIND_COUNT; i++)
		for (size_t k = 0; k < t.n[i]; k++)
			FUZZ_CHECK(name_is_legal(t.v[i][k]->name, NAME_SIZE - 1));
	for (int i = CONV_TO_RC_CONF; i <= CONV_TO_SHELL_LINUX; i++)
		FUZZ_CHECK(conv_export(&c, (enum conv_format)i, &t, &err) == 0);
	topo_fini(&t);
	conv_fini(&c);
}

/* One file. */
static inline void
fuzz_import(enum conv_kind kind, const char *path, const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct conv_file f = { path, text, size, NULL };

	fuzz_files(kind, &f, 1, size);
	free(text);
}
