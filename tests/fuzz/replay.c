/* replay - runs a fuzz target over the files of a corpus: fuzz_x FOLDER */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

enum { FILE_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run_file(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct strbuf content = STRBUF_INIT(FILE_MAX);
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	bool ok = file_read(path, &content, &err);
	if (ok) {
		/* An exact copy, so that a sanitizer sees a read behind the end. */
		uint8_t *copy = malloc(content.len ? content.len : 1);

		if (copy == NULL)
			abort();
		memcpy(copy, strbuf_slice(&content).ptr, content.len);
		LLVMFuzzerTestOneInput(copy, content.len);
		free(copy);
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	strbuf_done(&content);
	return ok;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned n = 0;
	bool ok = true;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		ok = run_file(argv[1], entry->d_name) && ok;
		n++;
	}
	closedir(dir);
	printf("%u inputs\n", n);
	return ok && n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
