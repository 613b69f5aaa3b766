/*
 * fuzz_jailconf: /etc/jail.conf from anybody.  Input: the file.
 */
#include "tests/fuzz/fuzz_conv.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_import(CONV_JAIL_CONF, "/etc/jail.conf", data, size);
	return (0);
}
