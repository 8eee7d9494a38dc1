#include "agent/inputs/journal_library.h"

#include <dlfcn.h>
#include <string.h>

#include "common/attr.h"

struct symbol {
	const char *name;
	size_t at; /* of the pointer in struct journal_library */
	bool needed;
};

#define NEEDED(name)                                                                           \
	{                                                                                      \
		"sd_journal_" #name, offsetof(struct journal_library, name), true              \
	}
#define LATER(name)                                                                            \
	{                                                                                      \
		"sd_journal_" #name, offsetof(struct journal_library, name), false             \
	}

static const struct symbol symbols[] = {
	NEEDED(open),
	NEEDED(open_directory),
	NEEDED(open_files),
	LATER(open_namespace),
	NEEDED(close),
	NEEDED(set_data_threshold),
	NEEDED(add_match),
	NEEDED(add_disjunction),
	NEEDED(add_conjunction),
	NEEDED(seek_tail),
	NEEDED(seek_realtime_usec),
	NEEDED(seek_monotonic_usec),
	NEEDED(seek_cursor),
	NEEDED(previous),
	NEEDED(next),
	NEEDED(get_cursor),
	NEEDED(restart_data),
	NEEDED(enumerate_data),
	LATER(enumerate_available_data),
	NEEDED(get_fd),
	NEEDED(reliable_fd),
	NEEDED(process),
};

_Static_assert(sizeof(struct journal_library) == ARRAY_LEN(symbols) * sizeof(void *),
	"each function has its symbol");

bool journal_library_load(const char *name, struct journal_library *library, struct err *err)
{
	struct journal_library found = {0};
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return err_set(err, "%s", dlerror());
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		void *function = dlsym(handle, symbols[i].name);

		if (function == NULL && symbols[i].needed) {
			(void)dlclose(handle);
			return err_set(err, "%s has no %s", name, symbols[i].name);
		}
		/* POSIX promises that a function's address fits; C has no cast for it. */
		memcpy((char *)&found + symbols[i].at, &function, sizeof(function));
	}
	if (found.enumerate_available_data == NULL)
		found.enumerate_available_data = found.enumerate_data;
	*library = found;
	return true;
}
