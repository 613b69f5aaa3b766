/*
 * import and export: files of ezjail, jail.conf, rc.conf to a topology document with its plan and warnings, and back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli_apply.h"
#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/hostfile.h"
#include "core/str.h"

#define DIR_FILES_MAX 20000

static const struct {
	const char *word, *path;
} kinds[] = {
	{ "ezjail", "/v1/import/ezjail" },
	{ "jail-conf", "/v1/import/jail-conf" },
	{ "rc-conf", "/v1/import/rc-conf" },
	{ "host", "/v1/import/host" },
};
static const struct {
	const char *word, *path;
} exports[] = {
	{ "ezjail", "/v1/export/ezjail" },
	{ "jail-conf", "/v1/export/jail-conf" },
	{ "rc-conf", "/v1/export/rc-conf" },
	{ "shell", "/v1/export/shell" },
};

/* --- files ------------------------------------------------------------------------------------------------------- */

/* The path a file has on its own host: without 'root'. */
static const char *
host_path(const char *path, const char *root)
{
	size_t n = root == NULL ? 0 : strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	return (n > 0 && strncmp(path, root, n) == 0 && path[n] == '/' ? path + n : path);
}

static int
add_file(json_t *files, const char *path, const char *root, struct err *err)
{
	char *text = NULL, full[PATH_MAX];
	size_t size;
	json_t *s;

	if (file_read(path, &text, &size, err) == -1)
		return (-1);
	s = json_stringn(text, size);
	if (s == NULL) {	/* not UTF-8: the daemon says so for what it can see */
		str_clean(text);
		s = json_string(text);
	}
	free(text);
	if (realpath(path, full) == NULL)
		snprintf(full, sizeof(full), "%s", path);
	json_array_append_new(files, json_pack("{s:s, s:o}", "path", host_path(full, root), "content", s));
	return (0);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

/* Regular files of one directory that match, by name; hidden ones and what editors leave are not configuration. */
static int
add_dir(json_t *files, const char *dir, const char *pattern, const char *root, struct err *err)
{
	char **names = NULL, path[PATH_MAX];
	size_t n = 0, i;
	struct dirent *e;
	struct stat st;
	int rc = 0;
	DIR *d = opendir(dir);

	if (d == NULL)
		return (err_set(err, ERR_INVALID, "%s: %s", dir, strerror(errno)));
	while ((e = readdir(d)) != NULL && n < DIR_FILES_MAX) {
		if (e->d_name[0] == '.' || e->d_name[strlen(e->d_name) - 1] == '~' || !str_match(pattern, e->d_name))
			continue;
		names = cli_xrealloc(names, (n + 1) * sizeof(*names));
		names[n++] = cli_xstrdup(e->d_name);
	}
	closedir(d);
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		if (rc == 0 && str_format(path, sizeof(path), "%s/%s", dir, names[i]) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			rc = add_file(files, path, root, err);
		free(names[i]);
	}
	free(names);
	return (rc);
}

static int
add_path(json_t *files, const char *path, const char *root, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return (add_dir(files, path, "*", root, err));
	return (add_file(files, path, root, err));
}

/* Where the files are when none is named; what is not there, or not for us to read, is not missed. */
static int
add_usual(json_t *files, const char *word, const char *root, struct err *err)
{
	enum host_format format = str_equal(word, "ezjail") ? HOST_EZJAIL : str_equal(word, "jail-conf") ? HOST_JAIL_CONF : HOST_RC_CONF;
	char path[PATH_MAX];

	for (size_t i = 0; i < hostfile_nplaces; i++) {
		const struct hostfile_place *p = &hostfile_places[i];
		bool many = strchr(p->pattern, '*') != NULL;

		if ((p->formats & 1u << format) == 0 ||
		    str_format(path, sizeof(path), "%s%s%s%s", strcmp(root, "/") == 0 ? "" : root, p->dir, many ? "" : "/", many ? "" : p->pattern) ==
			-1 ||
		    access(path, R_OK) == -1)
			continue;
		if ((many ? add_dir(files, path, p->pattern, root, err) : add_file(files, path, root, err)) == -1)
			return (-1);
	}
	return (0);
}

/* The daemon takes no more than it says; better to know what is so large than a bare 413. */
static int
check_size(const struct cli *c, const json_t *files, size_t size)
{
	json_t *server = NULL, *f;
	const json_t *largest = NULL;
	size_t i, most;
	int rv;

	if (size <= 1024 * 1024)
		return (-1);
	rv = call_get(c, "/v1", &server);
	most = (size_t)json_integer_value(json_object_get(json_object_get(server, "limits"), "topology"));
	json_decref(server);
	if (rv != CLI_OK || size <= most)
		return (rv != CLI_OK ? rv : -1);
	json_array_foreach(files, i, f)
		if (largest == NULL || json_string_length(json_object_get(f, "content")) > json_string_length(json_object_get(largest, "content")))
			largest = f;
	cli_warn("%s: %zu bytes; all files together may have %zu, these have %zu", json_text(largest, "path"),
	    json_string_length(json_object_get(largest, "content")), most, size);
	return (CLI_USAGE);
}

static int
make_dirs(char *path, struct err *err)
{
	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST) {
			err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
			*p = '/';
			return (-1);
		}
		*p = '/';
	}
	return (0);
}

static int
write_text(const char *path, const char *text, bool append, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0644);
	size_t len = strlen(text), done = 0;
	ssize_t n;

	if (fd == -1)
		return (err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno)));
	while (done < len) {
		n = write(fd, text + done, len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
			close(fd);
			return (-1);
		}
		done += (size_t)n;
	}
	if (close(fd) == -1)
		return (err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno)));
	return (0);
}

/* The files of an answer below 'dir'; lines to add get the suffix ".add", so that nothing pretends to be whole. */
static int
write_files(const json_t *answer, const char *dir, struct err *err)
{
	const json_t *files = json_object_get(answer, "files");
	char path[PATH_MAX];
	json_t *f;
	size_t i;

	json_array_foreach(files, i, f) {
		const char *to = json_text(f, "path");
		bool add = str_equal(json_text(f, "action"), "add");

		if (strstr(to, "..") != NULL)
			continue;
		if (str_format(path, sizeof(path), "%s%s%s%s", dir, to[0] == '/' ? "" : "/", to, add ? ".add" : "") == -1)
			return (err_set(err, ERR_INVALID, "%s: the path is too long", to));
		if (make_dirs(path, err) == -1 || write_text(path, json_text(f, "content"), false, err) == -1)
			return (-1);
		printf("wrote %s\n", path);
	}
	return (0);
}

/* --- output -------------------------------------------------------------------------------------------------------- */

static void
print_warnings(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "warnings");
	json_int_t more = json_integer_value(json_object_get(answer, "more_warnings"));
	json_t *w;
	size_t i;

	fflush(stdout);
	json_array_foreach(list, i, w) {
		json_int_t line = json_integer_value(json_object_get(w, "line"));
		char place[PATH_MAX + 64] = "";

		if (line > 0)
			snprintf(place, sizeof(place), "%s:%lld:%lld: ", json_text(w, "file"), (long long)line,
			    (long long)json_integer_value(json_object_get(w, "column")));
		else if (json_text(w, "file")[0] != '\0')
			snprintf(place, sizeof(place), "%s: ", json_text(w, "file"));
		text_print(stderr, place, false);
		fprintf(stderr, "%s: ", json_text(w, "level"));
		text_print(stderr, json_text(w, "text"), false);
		fprintf(stderr, " [%s]\n", json_text(w, "code"));
	}
	if (more > 0)
		fprintf(stderr, "... and %lld more\n", (long long)more);
}

static void
print_files(const json_t *answer)
{
	const json_t *files = json_object_get(answer, "files");
	json_t *f;
	size_t i;

	json_array_foreach(files, i, f) {
		printf("%s# %s %s\n", i > 0 ? "\n" : "", str_equal(json_text(f, "action"), "add") ? "add to" : "file", json_text(f, "path"));
		text_print(stdout, json_text(f, "content"), true);
	}
}

static int
finish_import(const struct cli *c, const json_t *answer, const char *to, const char *dir)
{
	const json_t *plan = json_object_get(answer, "plan"), *errors = json_object_get(answer, "errors");
	size_t steps = json_array_size(json_object_get(plan, "steps")), i;
	struct err err;
	const json_t *e;
	char *text;
	int rc = 0;

	if (c->json)
		json_print(answer);
	else {
		print_warnings(answer);
		if (json_is_object(plan) && steps > 0)
			plan_print(plan);
		if (json_is_object(plan))
			printf("%zu step%s to do.\n", steps, steps == 1 ? "" : "s");
	}
	for (i = 0; i < json_array_size(errors); i++) {
		e = json_array_get(errors, i);
		cli_warn("%s: %s", json_text(e, "pointer"), json_text(e, "detail"));
	}
	if (to != NULL) {
		text = json_dumps(json_object_get(answer, "topology"), JSON_INDENT(2));
		rc = text == NULL ? err_nomem(&err) : write_text(to, text, false, &err);
		free(text);
		if (rc == 0 && !c->json)
			printf("wrote %s; make it so: jailnet apply %s\n", to, to);
	}
	if (rc == 0 && dir != NULL)
		rc = write_files(answer, dir, &err);
	if (rc == -1)
		return (cli_fail(&err));
	if (!json_is_object(plan))
		return (CLI_REFUSED);
	return (steps == 0 ? CLI_OK : CLI_DIFFERENT);
}

/* --- commands --------------------------------------------------------------------------------------------------------- */

static void
add_word(json_t *body, const char *key, const char *value)
{
	json_t *list = json_object_get(body, key);

	if (list == NULL) {
		list = json_array();
		json_object_set_new(body, key, list);
	}
	json_array_append_new(list, json_string(value));
}

static const struct option import_options[] = { { "mode", required_argument, NULL, 'm' }, { "hooks", required_argument, NULL, 'k' },
	{ "manager", required_argument, NULL, 'g' }, { "first-epair", required_argument, NULL, 'e' }, { "uplink", required_argument, NULL, 'u' },
	{ "router", required_argument, NULL, 'r' }, { "behind", required_argument, NULL, 'b' }, { "behind-network", required_argument, NULL, 'B' },
	{ "routed-network", required_argument, NULL, 'N' }, { "network", required_argument, NULL, 'n' }, { "topology", required_argument, NULL, 't' },
	{ "root", required_argument, NULL, 'R' }, { "files", required_argument, NULL, 'f' }, { "host", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 } };

/* -1 = go on, else the exit code. */
static int
import_option(json_t *body, int opt, const char **to, const char **dir, char root[PATH_MAX])
{
	static const struct {
		int opt;
		const char *key;
	} words[] = { { 'm', "mode" }, { 'k', "hooks" }, { 'g', "manager" }, { 'u', "uplink" }, { 'r', "router" } };
	static const struct {
		int opt;
		const char *key;
	} lists[] = { { 'b', "behind" }, { 'n', "networks" }, { 'B', "behind_network" }, { 'N', "routed_network" } };
	uint64_t n;

	for (size_t i = 0; i < NELEMS(words); i++)
		if (words[i].opt == opt) {
			json_object_set_new(body, words[i].key, json_string(optarg));
			return (-1);
		}
	for (size_t i = 0; i < NELEMS(lists); i++)
		if (lists[i].opt == opt) {
			add_word(body, lists[i].key, optarg);
			return (-1);
		}
	switch (opt) {
	case 'e':
		if (str_u64(optarg, 0, 32767, &n) == -1) {
			cli_warn("--first-epair takes 0 to 32767");
			return (CLI_USAGE);
		}
		json_object_set_new(body, "first_epair", json_integer((json_int_t)n));
		return (-1);
	case 't':
		*to = optarg;
		return (-1);
	case 'f':
		*dir = optarg;
		return (-1);
	case 'h':
		json_object_set_new(body, "source", json_string("host"));
		return (-1);
	case 'R':
		if (realpath(optarg, root) != NULL)
			return (-1);
		cli_warn("%s: %s", optarg, strerror(errno));
		return (CLI_USAGE);
	}
	return (cli_usage("import"));
}

int
cli_import(struct cli *c, int argc, char **argv)
{
	json_t *body = json_object(), *files = json_array(), *answer = NULL;
	const char *to = NULL, *dir = NULL, *path = NULL;
	char *text = NULL, root[PATH_MAX] = "";
	struct err err;
	int opt, rv = -1;
	bool from_host, running;
	size_t i;

	while (rv == -1 && (opt = getopt_long(argc, argv, "", import_options, NULL)) != -1)
		rv = import_option(body, opt, &to, &dir, root);
	for (i = 0; rv == -1 && optind < argc && i < NELEMS(kinds); i++)
		if (str_equal(kinds[i].word, argv[optind]))
			path = kinds[i].path;
	if (rv == -1 && path == NULL)
		rv = cli_usage(argv[0]);
	running = path != NULL && strcmp(path, "/v1/import/host") == 0;
	from_host = running || json_object_get(body, "source") != NULL;
	if (rv == -1 && running && (json_object_size(body) > 0 || optind + 1 < argc || root[0] != '\0')) {
		cli_warn("import host: takes what runs; of the options only --topology");
		rv = CLI_USAGE;
	}
	if (rv == -1 && from_host && (optind + 1 < argc || root[0] != '\0')) {
		cli_warn("--host: the daemon reads the files of its host; it takes neither names nor --root");
		rv = CLI_USAGE;
	}
	if (rv == -1 && !from_host && optind + 1 >= argc && add_usual(files, argv[optind], root, &err) == -1)
		rv = cli_fail(&err);
	for (opt = optind + 1; rv == -1 && opt < argc; opt++)
		if (add_path(files, argv[opt], root, &err) == -1)
			rv = cli_fail(&err);
	if (!from_host)
		json_object_set(body, "files", files);
	if (rv == -1) {
		text = json_dumps(body, JSON_COMPACT);
		if (text == NULL)
			rv = cli_fail((err_nomem(&err), &err));
		else if ((rv = check_size(c, files, strlen(text))) == -1)
			rv = call_send(c, "POST", path, text, strlen(text), false, &answer);
		if (rv == CLI_OK)
			rv = finish_import(c, answer, to, dir);
	}
	free(text);
	json_decref(answer);
	json_decref(files);
	json_decref(body);
	return (rv);
}

int
cli_export(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "system", required_argument, NULL, 's' }, { "files", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 } };
	const char *dir = NULL, *system = NULL, *path = NULL;
	char full[256];
	json_t *answer;
	struct err err;
	int opt, rv;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			system = optarg;
		else if (opt == 'f')
			dir = optarg;
		else
			return (cli_usage(argv[0]));
	}
	for (size_t i = 0; argc - optind == 1 && i < NELEMS(exports); i++)
		if (str_equal(exports[i].word, argv[optind]))
			path = exports[i].path;
	if (path == NULL || str_format(full, sizeof(full), "%s%s%s", path, system != NULL ? "?system=" : "", system != NULL ? system : "") == -1)
		return (cli_usage(argv[0]));
	rv = call_get(c, full, &answer);
	if (rv != CLI_OK)
		return (rv);
	if (c->json)
		json_print(answer);
	else {
		print_warnings(answer);
		if (dir == NULL)
			print_files(answer);
		else if (write_files(answer, dir, &err) == -1)
			rv = cli_fail(&err);
	}
	json_decref(answer);
	return (rv);
}
