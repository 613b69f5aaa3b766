/*
 * replay: runs a fuzzer over its corpus: tests/fuzz/corpus/NAME of the program fuzz_NAME, or over the files named.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static int
replay(const char *path)
{
	uint8_t *data = NULL;
	struct stat st;
	FILE *f = fopen(path, "rb");
	int rc = -1;

	if (f == NULL || fstat(fileno(f), &st) == -1)
		goto out;
	/* exactly as large as the input, so that ASan sees a byte too far */
	data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (data == NULL || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		goto out;
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	rc = 0;
out:
	if (rc == -1)
		perror(path);
	if (f != NULL)
		fclose(f);
	free(data);
	return (rc);
}

static int
replay_all(const char *program, size_t *n)
{
	const char *name = strrchr(program, '/');
	char dir[256], path[600];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	name = name == NULL ? program : name + 1;
	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s", strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
	list = opendir(dir);
	if (list == NULL) {
		perror(dir);
		return (-1);
	}
	while (rc == 0 && (d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		rc = replay(path);
		(*n)++;
	}
	closedir(list);
	return (rc);
}

int
main(int argc, char **argv)
{
	size_t n = 0;
	int rc = 0;

	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	if (argc == 1)
		rc = replay_all(argv[0], &n);
	for (int i = 1; i < argc && rc == 0; i++, n++)
		rc = replay(argv[i]);
	printf("%s: %zu inputs\n", argv[0], n);
	return (rc == 0 && n > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
