#include "agent/scan/owners.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4096 }; /* then the host is not asked any more */

struct name {
	bool group;
	uint32_t id;
	char *text;
};

struct owners {
	struct name names[NAMES_MAX];
	size_t n;
};

struct owners *owners_new(void)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (owners == NULL)
		abort();
	return owners;
}

void owners_free(struct owners *owners)
{
	if (owners == NULL)
		return;
	for (size_t i = 0; i < owners->n; i++)
		free(owners->names[i].text);
	free(owners);
}

static const char *ask_host(bool group, uint32_t id)
{
	const struct group *of_group = group ? getgrgid(id) : NULL;
	const struct passwd *of_user = group ? NULL : getpwuid(id);

	if (of_group != NULL)
		return of_group->gr_name;
	return of_user != NULL ? of_user->pw_name : "";
}

static const char *find(struct owners *owners, bool group, uint32_t id)
{
	for (size_t i = 0; i < owners->n; i++) {
		if (owners->names[i].id == id && owners->names[i].group == group)
			return owners->names[i].text;
	}
	if (owners->n == NAMES_MAX)
		return "";
	struct name *name = &owners->names[owners->n++];
	*name = (struct name){group, id, strdup(ask_host(group, id))};
	if (name->text == NULL)
		abort();
	return name->text;
}

const char *owners_user(struct owners *owners, uid_t uid)
{
	return find(owners, false, uid);
}

const char *owners_group(struct owners *owners, gid_t gid)
{
	return find(owners, true, gid);
}
