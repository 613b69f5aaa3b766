/* probe: echoes sent by the daemon from inside a jail. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define COUNT_DEFAULT 3
#define COUNT_MAX 64

static void
print_probe(const char *jail, const char *address, const json_t *answer)
{
	const json_t *times = json_object_get(answer, "rtt_ms");
	double min = 0, max = 0, sum = 0, ms;
	json_t *item;
	size_t i, n = json_array_size(times);

	json_array_foreach(times, i, item) {
		ms = json_number_value(item);
		min = i == 0 || ms < min ? ms : min;
		max = ms > max ? ms : max;
		sum += ms;
	}
	text_print(stdout, jail, false);
	fputs(" -> ", stdout);
	text_print(stdout, address, false);
	printf(": %" JSON_INTEGER_FORMAT " sent, %" JSON_INTEGER_FORMAT " received",
	    json_integer_value(json_object_get(answer, "sent")),
	    json_integer_value(json_object_get(answer, "received")));
	if (n > 0)
		printf(", %.3f/%.3f/%.3f ms (min/avg/max)", min, sum / (double)n, max);
	if (json_text(answer, "error")[0] != '\0') {
		fputs(", ", stdout);
		text_print(stdout, json_text(answer, "error"), false);
	}
	putchar('\n');
}

static int
probe(const struct cli *c, const char *jail, const char *address, uint64_t count)
{
	json_int_t sent, received;
	char path[CALL_PATH_SIZE], *body;
	json_t *request, *answer = NULL;
	struct err err;
	int rv;

	if (call_path(path, sizeof(path), "/v1/jails/", jail, "/probe", &err) == -1)
		return (cli_fail(&err));
	request = json_pack("{s:s, s:I}", "to", address, "count", (json_int_t)count);
	body = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (body == NULL) {
		cli_warn("the address is not text");
		return (CLI_USAGE);
	}
	rv = call_send(c, "POST", path, body, strlen(body), false, &answer);
	free(body);
	if (rv != CLI_OK)
		return (rv);
	if (c->json)
		json_print(answer);
	else
		print_probe(jail, address, answer);
	sent = json_integer_value(json_object_get(answer, "sent"));
	received = json_integer_value(json_object_get(answer, "received"));
	json_decref(answer);
	return (received == 0 ? CLI_NO : received < sent ? CLI_PARTIAL : CLI_OK);
}

int
cli_probe(struct cli *c, int argc, char **argv)
{
	/* getopt_long rather than getopt: FreeBSD's getopt stops at the first word that is no option. */
	static const struct option options[] = { { "count", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 } };
	uint64_t count = COUNT_DEFAULT;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (opt != 'c')
			return (cli_usage(argv[0]));
		if (str_u64(optarg, 1, COUNT_MAX, &count) == -1) {
			cli_warn("-c takes 1 to %d", COUNT_MAX);
			return (CLI_USAGE);
		}
	}
	if (argc - optind != 2)
		return (cli_usage(argv[0]));
	return (probe(c, argv[optind], argv[optind + 1], count));
}
