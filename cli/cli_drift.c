/* drift: where the kernel is not as wanted. */
#include <stdio.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

static void
print_drift(const json_t *items)
{
	static const char *const titles[] = { "OBJECT", "WANTED", "FOUND", "SINCE", "CAUSE" };
	struct table t;
	json_t *item;
	size_t i;

	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(items, i, item) {
		table_add(&t, (const char *const[]){ json_text(item, "object"), json_text(item, "want"),
		    json_text(item, "have"),
		    json_text(item, "since"), json_text(item, "cause") });
	}
	table_print(&t, stdout);
	table_fini(&t);
	if (json_array_size(items) == 0)
		puts("No drift.");
}

int
cli_drift(struct cli *c, int argc, char **argv)
{
	json_t *list = NULL;
	size_t n;
	int rv;

	if (argc != 1)
		return (cli_usage(argv[0]));
	rv = call_list(c, "/v1/drift", &list);
	if (rv != CLI_OK)
		return (rv);
	n = json_array_size(json_object_get(list, "items"));
	if (c->json)
		json_print(list);
	else
		print_drift(json_object_get(list, "items"));
	json_decref(list);
	return (n == 0 ? CLI_OK : CLI_DIFFERENT);
}
