#include "tests/collector/normalize/sample_files.h"

#include <dirent.h>
#include <limits.h>

#include "common/file.h"
#include "tests/support/check.h"

enum { FILE_MAX = 4 << 20 };

struct walk {
	sample_function *on_file;
	void *user;
};

void sample_files_root(struct strbuf *path)
{
	const char *source = getenv("SOC_SOURCE");

	ck_assert_ptr_nonnull(source);
	strbuf_add_str(path, source);
	strbuf_add_str(path, "/tests/collector/normalize/samples");
}

static const struct parser *named_format(struct slice *text)
{
	struct slice line = *text, name;

	if (!slice_starts(line, SLICE_LIT("# format: ")))
		return NULL;
	ck_assert(slice_cut(text, '\n', &line));
	name = slice_from(line, sizeof("# format: ") - 1);
	const struct parser *parser = parser_by_name(name);
	ck_assert_msg(parser != NULL, "no parser '%.*s'", SLICE_FMT(name));
	return parser;
}

static void read_file(const struct walk *walk, struct strbuf *stem)
{
	struct strbuf log = STRBUF_INIT(FILE_MAX);
	size_t len = stem->len;
	struct err err;

	strbuf_add_str(stem, ".log");
	ck_assert_msg(file_read(strbuf_cstr(stem), &log, &err), "%s", err.text);
	strbuf_cut(stem, len);

	struct slice text = strbuf_slice(&log);
	const struct parser *format = named_format(&text);
	walk->on_file(walk->user, strbuf_slice(stem), text, format);
	strbuf_done(&log);
}

/* `folder` is given back as it was. */
static unsigned read_folder(const struct walk *walk, struct strbuf *folder)
{
	DIR *dir = opendir(strbuf_cstr(folder));
	size_t len = folder->len;
	unsigned n = 0;

	ck_assert_msg(dir != NULL, "%s", strbuf_cstr(folder));
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct slice name = slice_str(entry->d_name);

		if (!slice_ends(name, SLICE_LIT(".log")))
			continue;
		strbuf_add_byte(folder, '/');
		strbuf_add(folder, slice_head(name, name.len - sizeof(".log") + 1));
		read_file(walk, folder);
		strbuf_cut(folder, len);
		n++;
	}
	closedir(dir);
	return n;
}

unsigned sample_files_each(sample_function *on_file, void *user)
{
	struct walk walk = {.on_file = on_file, .user = user};
	struct strbuf path = STRBUF_INIT(PATH_MAX);
	unsigned folders = 0;

	sample_files_root(&path);
	size_t len = path.len;
	DIR *dir = opendir(strbuf_cstr(&path));
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		strbuf_addf(&path, "/%s", entry->d_name);
		ck_assert_msg(read_folder(&walk, &path) > 0, "%s is empty", strbuf_cstr(&path));
		strbuf_cut(&path, len);
		folders++;
	}
	closedir(dir);
	strbuf_done(&path);
	return folders;
}
