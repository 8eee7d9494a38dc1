#include "collector/detect/sigma/rule_files.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/file.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_yaml(const char *name)
{
	struct slice text = slice_str(name);

	return slice_ends(text, SLICE_LIT(".yml")) || slice_ends(text, SLICE_LIT(".yaml"));
}

static void read_one(const char *path, rule_file *one, void *user, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(RULE_FILE_SIZE_MAX);
	struct err err;

	if (file_read(path, &text, &err))
		one(user, path, strbuf_slice(&text), mistakes);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
}

void rule_files_read(const char *path, rule_file *one, void *user, struct strbuf *mistakes)
{
	char *copy = strdup(path);
	char *paths[] = {copy, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
	unsigned n = 0;

	if (copy == NULL || walk == NULL)
		abort();
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
		bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';

		if (entry->fts_info == FTS_D && hidden)
			(void)fts_set(walk, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_NS)
			strbuf_addf(mistakes, "%s: %s\n", entry->fts_path,
				strerror(entry->fts_errno));
		else if (entry->fts_info == FTS_F && !hidden &&
			 (entry->fts_level == 0 || is_yaml(entry->fts_name)) &&
			 n++ < RULE_FILES_MAX)
			read_one(entry->fts_path, one, user, mistakes);
	}
	if (n > RULE_FILES_MAX)
		strbuf_addf(mistakes, "%s: %u files more than the %d that are read\n", path,
			n - RULE_FILES_MAX, RULE_FILES_MAX);
	(void)fts_close(walk);
	free(copy);
}
