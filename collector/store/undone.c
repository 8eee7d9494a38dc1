#include "collector/store/undone.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/crc32c.h"
#include "common/file.h"

enum { FILE_MAX = 1 << 20, LINE_MAX_SIZE = 40 };

static void path_of(const char *dir, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/undone", dir);
}

static void append(struct undone *undone, uint64_t commit)
{
	undone->commits =
		reallocarray(undone->commits, undone->n + 1, sizeof(*undone->commits));
	if (undone->commits == NULL)
		abort();
	undone->commits[undone->n++] = commit;
}

static void write_line(struct strbuf *out, uint64_t commit)
{
	char digits[LINE_MAX_SIZE];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, commit);

	strbuf_addf(out, "%s %08" PRIx32 "\n", digits, crc32c(0, digits, (size_t)len));
}

/* A line is good when writing it again gives the same. */
static bool read_line(struct slice line, uint64_t *commit)
{
	struct strbuf again = STRBUF_INIT(2 * LINE_MAX_SIZE);
	struct slice rest = line, digits;
	bool good = slice_cut(&rest, ' ', &digits) && slice_to_u64(digits, UINT64_MAX, commit);

	if (good) {
		write_line(&again, *commit);
		good = slice_eq(slice_head(strbuf_slice(&again), again.len - 1), line);
	}
	strbuf_done(&again);
	return good;
}

static bool parse(struct undone *undone, struct slice text, const char *path, struct err *err)
{
	struct slice line;
	struct pos at = {.file = path, .line = 1};

	for (; slice_cut(&text, '\n', &line) && !slice_absent(text); at.line++) {
		uint64_t commit;

		if (!read_line(line, &commit))
			return err_at(err, at, "not a commit with its check sum");
		append(undone, commit);
	}
	return line.len == 0 || err_at(err, at, "a line without an end");
}

bool undone_load(struct undone *undone, const char *dir, struct err *err)
{
	struct strbuf text = STRBUF_INIT(FILE_MAX);
	char path[PATH_MAX];

	*undone = (struct undone){0};
	path_of(dir, path);
	if (access(path, F_OK) != 0)
		return true;

	bool ok = file_read(path, &text, err) && parse(undone, strbuf_slice(&text), path, err);
	strbuf_done(&text);
	if (!ok)
		undone_done(undone);
	return ok;
}

bool undone_add(struct undone *undone, const char *dir, uint64_t commit, struct err *err)
{
	struct strbuf text = STRBUF_INIT(FILE_MAX);
	char path[PATH_MAX];

	path_of(dir, path);
	append(undone, commit);
	for (size_t i = 0; i < undone->n; i++)
		write_line(&text, undone->commits[i]);

	bool ok = !text.overflow ? file_replace(path, strbuf_slice(&text), 0600, err)
				 : err_set(err, "%s: too many commits undone", path);
	strbuf_done(&text);
	return ok;
}

bool undone_has(const struct undone *undone, uint64_t commit)
{
	for (size_t i = undone->n; i > 0; i--) {
		if (undone->commits[i - 1] == commit)
			return true;
	}
	return false;
}

void undone_done(struct undone *undone)
{
	free(undone->commits);
	*undone = (struct undone){0};
}
