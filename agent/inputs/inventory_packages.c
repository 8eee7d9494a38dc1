#include <sys/stat.h>
#include <unistd.h>

#include "agent/inputs/inventory_parts.h"

enum {
	BLOCK_SIZE = 64 << 10,
	LINE_MAX_SIZE = 4096,     /* longer ones are none we look for */
	DATABASE_MAX = 256 << 20, /* bytes; a larger one is not counted */
};

struct manager {
	const char *name;
	const char *path;
	bool (*is_package)(struct slice line); /* NULL: its file is not for us to read */
};

/* "Status: install ok installed", also "hold ok installed". */
static bool is_dpkg_package(struct slice line)
{
	return slice_starts(line, SLICE_LIT("Status: ")) &&
	       slice_ends(line, SLICE_LIT(" ok installed"));
}

static bool is_apk_package(struct slice line)
{
	return slice_starts(line, SLICE_LIT("P:"));
}

static const struct manager managers[] = {
	{"dpkg", "var/lib/dpkg/status", is_dpkg_package},
	{"rpm", "var/lib/rpm/rpmdb.sqlite", NULL},
	{"rpm", "usr/lib/sysimage/rpm/rpmdb.sqlite", NULL},
	{"rpm", "var/lib/rpm/Packages.db", NULL},
	{"rpm", "usr/lib/sysimage/rpm/Packages.db", NULL},
	{"rpm", "var/lib/rpm/Packages", NULL},
	{"apk", "lib/apk/db/installed", is_apk_package},
};

/* Lines of a block; what stands behind the last newline is moved to the front. */
static void count_block(
	const struct manager *manager, char *block, size_t *len, uint64_t *count)
{
	struct slice rest = slice_of(block, *len), line;

	for (;;) {
		size_t end = slice_find(rest, '\n');

		if (end == rest.len)
			break;
		line = slice_head(rest, end);
		*count += line.len <= LINE_MAX_SIZE && manager->is_package(line);
		rest = slice_from(rest, end + 1);
	}
	/* A line longer than the block is given up; its end is no line we look for either. */
	*len = rest.len < BLOCK_SIZE ? rest.len : 0;
	memmove(block, rest.ptr, *len);
}

static bool count_packages(const struct manager *manager, int fd, uint64_t *count)
{
	static char block[BLOCK_SIZE];
	size_t len = 0;
	uint64_t total = 0;
	ssize_t n;

	*count = 0;
	while ((n = read(fd, block + len, sizeof(block) - len)) > 0) {
		total += (uint64_t)n;
		if (total > DATABASE_MAX)
			return false;
		len += (size_t)n;
		count_block(manager, block, &len, count);
	}
	return n == 0;
}

static bool look_at(
	const struct manager *manager, int root, struct inventory_packages *packages)
{
	struct stat st;
	int fd = inventory_open(root, manager->path);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 &&
		(packages->manager != manager->name || packages->changed != st.st_mtim.tv_sec ||
			packages->size != (uint64_t)st.st_size)) {
		*packages = (struct inventory_packages){.manager = manager->name,
			.changed = st.st_mtim.tv_sec,
			.size = (uint64_t)st.st_size};
		packages->counted = manager->is_package != NULL &&
				    count_packages(manager, fd, &packages->count);
	}
	close(fd);
	return true;
}

void inventory_packages_look(int root, struct inventory_packages *packages)
{
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (look_at(&managers[i], root, packages))
			return;
	*packages = (struct inventory_packages){.manager = NULL};
}

void inventory_packages(
	struct inventory_report *report, const struct inventory_packages *packages)
{
	inventory_text(report, "soc.packages.manager", slice_str(packages->manager), 32);
	if (packages->counted)
		inventory_number(report, "soc.packages.count", packages->count);
	else
		inventory_unknown(report, "soc.packages.count");
	if (packages->manager != NULL)
		inventory_moment(&report->json, "soc.packages.updated", packages->changed);
	else
		inventory_unknown(report, "soc.packages.updated");
}
