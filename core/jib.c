/*
 * jib: its arithmetic, checked against vectors from the script itself (tests/unit/test_conv.c).
 */
#include <string.h>

#include "core/jib.h"

bool
jib_name_ok(const char *name)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return (name[0] != '\0' && name[strspn(name, ok)] == '\0');
}

uint16_t
jib_sum(const char *name)
{
	uint32_t sum = 0;

	for (; *name != '\0'; name++) {
		sum = (sum >> 1) | ((sum & 1) << 15);
		sum = (sum + (unsigned char)*name) & 0xffff;
	}
	return ((uint16_t)sum);
}

void
jib_macs(const struct mac *parent, const char *name, unsigned counter, struct mac *a, struct mac *b)
{
	uint16_t sum = jib_sum(name);
	uint8_t low = parent->b[0] & 0x0f, side_a = 0x2, side_b = 0xe;

	/* Never the parent's own second digit, so that the three differ. */
	if (low == 0x2)
		side_a = 0xa;
	else if (low == 0xe)
		side_b = 0x6;
	*a = (struct mac){ { 0, (uint8_t)(sum >> 8), (uint8_t)sum, parent->b[3], parent->b[4], parent->b[5] } };
	*b = *a;
	a->b[0] = (uint8_t)((counter & 0xf) << 4 | side_a);
	b->b[0] = (uint8_t)((counter & 0xf) << 4 | side_b);
}
