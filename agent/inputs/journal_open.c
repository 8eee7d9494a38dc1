#include "agent/inputs/journal_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MATCH_MAX = 4096,    /* bytes of "FIELD=value" */
	THRESHOLD = 1 << 20, /* bytes of a field that are unpacked */
	FILES_LOOKED_AT = 4096,
};

/* ---- which entries ------------------------------------------------------------ */

static int add(const struct journal_library *library, struct sd_journal *journal,
	const char *field, const char *value)
{
	char match[MATCH_MAX];
	int len = snprintf(match, sizeof(match), "%s%s", field, value);

	if (len < 0 || (size_t)len >= sizeof(match))
		return -E2BIG;
	return library->add_match(journal, match, (size_t)len);
}

/* What a unit says, and what the service manager says of it. */
static int add_unit(
	const struct journal_library *library, struct sd_journal *journal, const char *unit)
{
	int result = add(library, journal, "_SYSTEMD_UNIT=", unit);

	if (result >= 0)
		result = library->add_disjunction(journal);
	if (result >= 0)
		result = add(library, journal, "UNIT=", unit);
	if (result >= 0)
		result = add(library, journal, "_PID=", "1");
	return result >= 0 ? library->add_disjunction(journal) : result;
}

static int add_matches(const struct journal_library *library, struct sd_journal *journal,
	const struct journal_settings *settings)
{
	int result = 0;

	for (size_t i = 0; i < settings->units.n && result >= 0; i++)
		result = add_unit(library, journal, settings->units.items[i]);
	if (result >= 0 && settings->units.n > 0)
		result = library->add_conjunction(journal);
	for (size_t i = 0; i < settings->matches.n && result >= 0; i++)
		result = add(library, journal, settings->matches.items[i], "");
	return result;
}

/* ---- which files -------------------------------------------------------------- */

static int open_files(const struct journal_library *library, struct sd_journal **journal,
	const struct setting_texts *files)
{
	const char **paths = calloc(files->n + 1, sizeof(*paths));

	if (paths == NULL)
		abort();
	for (size_t i = 0; i < files->n; i++)
		paths[i] = files->items[i];
	int result = library->open_files(journal, paths, 0);
	free(paths);
	return result;
}

static int open_any(const struct journal_library *library, struct sd_journal **journal,
	const struct journal_settings *settings)
{
	if (settings->files.n > 0)
		return open_files(library, journal, &settings->files);
	if (settings->directory[0] != '\0')
		return library->open_directory(journal, settings->directory, 0);
	if (settings->name_space[0] == '\0')
		return library->open(journal, JOURNAL_LOCAL_ONLY);
	if (library->open_namespace == NULL)
		return -ENOSYS;
	return library->open_namespace(journal, settings->name_space, JOURNAL_LOCAL_ONLY);
}

struct sd_journal *journal_open(const struct journal_library *library,
	const struct journal_settings *settings, struct err *err)
{
	struct sd_journal *journal = NULL;
	int result = open_any(library, &journal, settings);

	if (result >= 0)
		result = library->set_data_threshold(journal, THRESHOLD);
	if (result >= 0)
		result = add_matches(library, journal, settings);
	if (result >= 0)
		return journal;
	if (journal != NULL)
		library->close(journal);
	errno = -result;
	(void)err_sys(err, "journal '%s'", settings->name);
	return NULL;
}

/* ---- may we read all of it ------------------------------------------------------ */

/* By opening: capabilities are not what access(2) looks at. */
static bool is_unreadable(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EACCES || errno == EPERM);
}

static unsigned count_unreadable(const char *folder, const char *below)
{
	char pattern[PATH_MAX];
	glob_t found;
	unsigned n = 0;

	snprintf(pattern, sizeof(pattern), "%s%s", folder, below);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && i < FILES_LOOKED_AT; i++)
		n += is_unreadable(found.gl_pathv[i]);
	globfree(&found);
	return n;
}

unsigned journal_unreadable(const struct journal_settings *settings)
{
	unsigned n = 0;

	if (settings->files.n > 0) {
		for (size_t i = 0; i < settings->files.n; i++)
			n += is_unreadable(settings->files.items[i]);
		return n;
	}
	if (settings->directory[0] != '\0')
		return count_unreadable(settings->directory, "/*.journal") +
		       count_unreadable(settings->directory, "/*/*.journal");
	return count_unreadable("/run/log/journal", "/*/*.journal") +
	       count_unreadable("/var/log/journal", "/*/*.journal");
}

/* ---- is it still there ---------------------------------------------------------- */

static bool is_removed_journal(struct slice link)
{
	struct slice end = SLICE_LIT(" (deleted)"), kind = SLICE_LIT(".journal");

	return slice_ends(link, end) && slice_search(link, kind) < link.len;
}

bool journal_holds_removed(void)
{
	char link[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/proc/self/fd");

	if (dir == NULL)
		return true; /* not known: keep them */
	while (!found && (entry = readdir(dir)) != NULL) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));

		found = len > 0 && is_removed_journal(slice_of(link, (size_t)len));
	}
	closedir(dir);
	return found;
}
