/*
 * fuzz_rcconf: /etc/rc.conf from anybody.  Input: the file.
 */
#include "tests/fuzz/fuzz_conv.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_import(CONV_RC_CONF, "/etc/rc.conf", data, size);
	return (0);
}
