/*
 * fuzz_conf: jailnetd.conf as the root program reads it.  Input: the file.
 */
#include "core/conf.h"
#include "core/str.h"
#include "tests/fuzz/fuzz.h"

struct settings {
	char text[16], words[64];
	uint32_t number;
	bool flag;
	char guard;
};

static const struct conf_key keys[] = {
	{ "text", CONF_STR, offsetof(struct settings, text), sizeof(((struct settings *)0)->text), 0, 0, "a" },
	{ "words", CONF_WORDS, offsetof(struct settings, words), sizeof(((struct settings *)0)->words), 0, 0, "re0 em*" },
	{ "number", CONF_U32, offsetof(struct settings, number), 0, 3, 4000000000u, "7" },
	{ "flag", CONF_BOOL, offsetof(struct settings, flag), 0, 0, 0, "no" },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s = { .guard = 'g' };
	struct err err = { 0 };
	char *text = fuzz_text(data, size);

	if (conf_parse("conf", text, size, keys, NELEMS(keys), &s, &err) == 0) {
		FUZZ_CHECK(memchr(s.text, '\0', sizeof(s.text)) != NULL && memchr(s.words, '\0', sizeof(s.words)) != NULL);
		FUZZ_CHECK(s.number >= 3 && s.number <= 4000000000u);
		(void)conf_words_match(s.words, s.text);
	} else {
		FUZZ_CHECK(err.code != ERR_NONE && err.msg[0] != '\0');
		FUZZ_CHECK(str_utf8(err.msg, strlen(err.msg)));
	}
	FUZZ_CHECK(s.guard == 'g');
	free(text);
	return (0);
}
