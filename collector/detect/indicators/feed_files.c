#include "collector/detect/indicators/feed_files.h"

#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_list(const char *name)
{
	static const struct slice ends[] = {
		{SLICE_BYTES(".txt")},
		{SLICE_BYTES(".csv")},
		{SLICE_BYTES(".tsv")},
		{SLICE_BYTES(".json")},
		{SLICE_BYTES(".list")},
		{SLICE_BYTES(".lst")},
		{SLICE_BYTES(".ioc")},
		{SLICE_BYTES(".stix")},
		{SLICE_BYTES(".netset")},
		{SLICE_BYTES(".ipset")},
	};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (slice_ends(slice_str(name), ends[i]))
			return true;
	}
	return false;
}

static void read_one(const FTSENT *entry, feed_file *one, void *user, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(FEED_FILE_SIZE_MAX);
	struct err err;

	if (file_read(entry->fts_path, &text, &err))
		one(user, entry->fts_path, strbuf_slice(&text),
			(int64_t)entry->fts_statp->st_mtim.tv_sec);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
}

static bool is_wanted(const FTSENT *entry)
{
	return entry->fts_level == 0 || (entry->fts_name[0] != '.' && is_list(entry->fts_name));
}

bool feed_files_read(
	const char *path, feed_file *one, void *user, struct strbuf *mistakes, struct err *err)
{
	char *copy = strdup(path);
	char *paths[] = {copy, NULL};
	FTS *walk;
	unsigned n = 0;

	if (copy == NULL)
		abort();
	if (access(path, R_OK) != 0) {
		free(copy);
		return err_sys(err, "%s", path);
	}
	walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
	if (walk == NULL)
		abort();
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
		if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
			entry->fts_name[0] == '.')
			(void)fts_set(walk, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_NS)
			strbuf_addf(mistakes, "%s: %s\n", entry->fts_path,
				strerror(entry->fts_errno));
		else if (entry->fts_info == FTS_F && is_wanted(entry) && n++ < FEED_FILES_MAX)
			read_one(entry, one, user, mistakes);
	}
	if (n > FEED_FILES_MAX)
		strbuf_addf(mistakes, "%s: %u files more than the %d that are read\n", path,
			n - FEED_FILES_MAX, FEED_FILES_MAX);
	(void)fts_close(walk);
	free(copy);
	return true;
}
