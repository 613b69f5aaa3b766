/*
 * selector: which objects a token may see and change, by their labels: "env=prod,team!=db,web".
 *
 * Terms are joined by "," and must all hold: "key=value", "key!=value" (also when the label is not there), "key" (the label is
 * there).  No blanks.  "" selects everything.
 */
#ifndef JN_SELECTOR_H
#define JN_SELECTOR_H

#include "core/model.h"

#define SELECTOR_SIZE 512

/* ERR_INVALID says what is wrong. */
int selector_check(const char *text, struct err *err);
bool selector_match(const char *text, const struct pairs *labels);

#endif
