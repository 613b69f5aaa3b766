/*
 * print_routes: the route table as JSON lines, for tests/api/test_openapi.py.
 */
#include <stdio.h>

#include "api/api.h"

int
main(void)
{
	const char *const *q;
	size_t i;

	for (i = 0; i < api_route_count; i++) {
		const struct api_route *r = &api_routes[i];

		printf("{\"method\":\"%s\",\"path\":\"%s\",\"id\":\"%s\",\"write\":%s,\"role\":%d,\"query\":[",
		    r->method, r->path, r->operation_id, r->is_write && !api_verb_asks(r->verb) ? "true" : "false", (int)r->role);
		for (q = r->query; q != NULL && *q != NULL; q++)
			printf("%s\"%s\"", q == r->query ? "" : ",", *q);
		printf("]}\n");
	}
	return (0);
}
