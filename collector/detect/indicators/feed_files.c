#include "collector/detect/indicators/feed_files.h"

#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

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

static bool is_wanted(const FTSENT *entry)
{
	return entry->fts_level == 0 || (entry->fts_name[0] != '.' && is_list(entry->fts_name));
}

struct walk {
	void (*visit)(struct walk *walk, const FTSENT *entry);
	feed_file *one;
	void *user;
	struct strbuf *mistakes; /* NULL: they are not told */
	uint64_t mark;
	unsigned n;
};

static void tell(const struct walk *walk, const char *path, const char *what)
{
	if (walk->mistakes != NULL)
		strbuf_addf(walk->mistakes, "%s: %s\n", path, what);
}

static void visit(struct walk *walk, FTS *fts, FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > 0 && entry->fts_name[0] == '.')
			(void)fts_set(fts, entry, FTS_SKIP);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		tell(walk, entry->fts_path, strerror(entry->fts_errno));
		break;
	case FTS_F:
		if (is_wanted(entry) && walk->n++ < FEED_FILES_MAX)
			walk->visit(walk, entry);
		break;
	default:
		break;
	}
}

static bool walk_files(struct walk *walk, const char *path, struct err *err)
{
	char *copy = strdup(path);
	char *paths[] = {copy, NULL};
	FTS *fts;

	if (copy == NULL)
		abort();
	if (access(path, R_OK) != 0) {
		free(copy);
		return err_sys(err, "%s", path);
	}
	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
	if (fts == NULL)
		abort();
	for (FTSENT *entry; (entry = fts_read(fts)) != NULL;)
		visit(walk, fts, entry);
	if (walk->n > FEED_FILES_MAX)
		tell(walk, path, "more files than are read");
	(void)fts_close(fts);
	free(copy);
	return true;
}

static void read_one(struct walk *walk, const FTSENT *entry)
{
	struct strbuf text = STRBUF_INIT(FEED_FILE_SIZE_MAX);
	struct err err;

	if (file_read(entry->fts_path, &text, &err))
		walk->one(walk->user, entry->fts_path, strbuf_slice(&text),
			(int64_t)entry->fts_statp->st_mtim.tv_sec);
	else
		strbuf_addf(walk->mistakes, "%s\n", err.text);
	strbuf_done(&text);
}

bool feed_files_read(
	const char *path, feed_file *one, void *user, struct strbuf *mistakes, struct err *err)
{
	struct walk walk = {read_one, one, user, mistakes, 0, 0};

	return walk_files(&walk, path, err);
}

static void mark_one(struct walk *walk, const FTSENT *entry)
{
	struct file_mark mark = file_mark(entry->fts_path);

	walk->mark = XXH3_64bits_withSeed(entry->fts_path, strlen(entry->fts_path), walk->mark);
	walk->mark = XXH3_64bits_withSeed(&mark, sizeof(mark), walk->mark);
}

uint64_t feed_files_mark(const char *path, uint64_t before)
{
	struct walk walk = {.visit = mark_one, .mark = before};

	(void)walk_files(&walk, path, NULL);
	return walk.mark;
}
