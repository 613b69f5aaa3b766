/*
 * fuzz_ezjail: /usr/local/etc/ezjail/x from anybody.  Input: the file.
 */
#include "tests/fuzz/fuzz_conv.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_import(CONV_EZJAIL, "/usr/local/etc/ezjail/x", data, size);
	return (0);
}
