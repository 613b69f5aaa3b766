/*
 * fuzz: the frame of the fuzzers.  A fuzzer is one file fuzz_NAME.c with LLVMFuzzerTestOneInput; inputs that found something, and a few
 * of each kind, are in corpus/NAME.
 *
 *	make check		replays the corpus (replay.c is the main)
 *	make fuzz-run T=60	clang's libFuzzer with ASan and UBSan, T seconds each; what is found lands in corpus/NAME
 */
#ifndef JN_FUZZ_H
#define JN_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional in a fuzzer; replay.c calls it when it is there. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Does not depend on NDEBUG, and is seen as a crash by libFuzzer. */
#define FUZZ_CHECK(cond)		\
	do {				\
		if (!(cond))		\
			abort();	\
	} while (0)

/* The input as text with a NUL; the caller frees. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	if (s == NULL)
		exit(0);
	memcpy(s, data, size);
	s[size] = '\0';
	return (s);
}

#endif
