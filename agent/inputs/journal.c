#include "agent/inputs/journal.h"

#include <stdlib.h>

#include "agent/inputs/journal_reader.h"
#include "agent/settings.h"
#include "common/clock.h"

enum { STOP_MS = 1000 }; /* reading once more before the end takes no longer */

struct journals {
	struct journal_library library;
	const struct journal_settings *settings;
	struct journal_reader **readers;
	size_t n;
};

static void *start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	const struct setting_sections *sections = &settings->journal.journals;
	struct journals *self;

	err->text[0] = '\0';
	if (sections->n == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (self == NULL ||
		(self->readers = calloc(sections->n, sizeof(*self->readers))) == NULL)
		abort();
	if (!journal_library_load(JOURNAL_LIBRARY_NAME, &self->library, err)) {
		free(self->readers);
		free(self);
		return NULL;
	}
	self->settings = sections->items;
	for (; self->n < sections->n; self->n++)
		self->readers[self->n] = journal_reader_new(
			&self->library, &self->settings[self->n], base, intake);
	return self;
}

static void position(void *user, struct slice name, struct slice bytes)
{
	struct journals *self = user;

	for (size_t i = 0; i < self->n; i++)
		if (slice_eq(slice_str(self->settings[i].name), name))
			journal_reader_place(self->readers[i], bytes);
}

static void begin(void *user)
{
	struct journals *self = user;

	for (size_t i = 0; i < self->n; i++)
		journal_reader_begin(self->readers[i]);
}

static void resume(void *user)
{
	struct journals *self = user;

	for (size_t i = 0; i < self->n; i++)
		journal_reader_resume(self->readers[i]);
}

static void stop(void *user)
{
	struct journals *self = user;
	int64_t end_ms = clock_mono_ms() + STOP_MS;

	for (size_t i = 0; i < self->n; i++) {
		journal_reader_drain(self->readers[i], end_ms);
		journal_reader_free(self->readers[i]);
	}
	free(self->readers);
	free(self);
}

const struct input journal_input = {
	.name = "journal",
	.section = "journal",
	.summary = "entries of systemd-journald, by cursor",
	.start = start,
	.position = position,
	.begin = begin,
	.resume = resume,
	.stop = stop,
};

/* ---- settings --------------------------------------------------------------- */

#define AT(member) offsetof(struct journal_settings, member)

static const struct setting journal_table[] = {
	{"name", SETTING_TEXT, AT(name), "journal", 1, 64,
		"Name of the source in records; where it was read to is kept under it."},
	{"directory", SETTING_PATH, AT(directory), "", 0, 4000,
		"A folder of journal files, as of a container; empty: the host's own journal."},
	{"files", SETTING_PATHS, AT(files), NULL, 0, 256, "Journal files, instead of a folder.",
		.example = "- /var/log/journal/remote/web1.journal"},
	{"namespace", SETTING_TEXT, AT(name_space), "", 0, 64,
		"A namespace of journald (LogNamespace=), instead of the default one."},
	{"units", SETTING_TEXTS, AT(units), NULL, 0, 256,
		"Only entries of these units, and what the service manager says of them; "
		"empty: all. With 'units' or 'matches' it is not known how many entries were "
		"missed, only that some were.",
		.example = "- ssh.service"},
	{"matches", SETTING_TEXTS, AT(matches), NULL, 0, 64,
		"Only entries with these fields: of the same field any, of different fields "
		"all.",
		.example = "- _TRANSPORT=kernel"},
	{"since", SETTING_DURATION, AT(since_ms), "1d", 0, UINT64_C(315360000000),
		"The first start reads entries up to so old; later starts go on where the last "
		"one ended."},
	{"record-max", SETTING_BYTES, AT(record_max), "64KiB", 1024, CHUNK_ITEM_MAX,
		"Longer entries lose fields, then the end of their message, and are marked as "
		"cut."},
	{"test", SETTING_FLAG, AT(test), "false", 0, 0,
		"Records are marked as test or drill and kept out of the statistics."},
	{0},
};

#undef AT

const struct setting journals_settings_table[] = {
	{"journals", SETTING_SECTIONS, offsetof(struct journals_settings, journals), NULL, 0,
		JOURNALS_MAX,
		"Journals of systemd-journald. A host without libsystemd has none; the agent "
		"says so and goes on.",
		.table = journal_table, .size = sizeof(struct journal_settings),
		.example = "- name: journal"},
	{0},
};

bool journal_settings_check(const struct journals_settings *settings, size_t n, struct err *err)
{
	const struct journal_settings *all = settings->journals.items, *one = &all[n];

	if ((one->directory[0] != '\0') + (one->files.n > 0) + (one->name_space[0] != '\0') > 1)
		return err_set(err, "'directory', 'files' and 'namespace' exclude each other");
	for (size_t i = 0; i < one->matches.n; i++)
		if (strchr(one->matches.items[i], '=') == NULL)
			return err_set(
				err, "match '%s' is not FIELD=value", one->matches.items[i]);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, one->name) == 0)
			return err_set(err, "two journals are named '%s'", one->name);
	return true;
}
