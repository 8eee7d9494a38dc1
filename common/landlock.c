#include "common/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/landlock.h> of old systems is missing or short; the numbers are fixed. */
enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	ASK_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};

/* Rights, a bit each. */
enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	MAKE_CHAR = 1 << 6,
	MAKE_BLOCK = 1 << 11,
	ALL_OF_VERSION_1 = (1 << 13) - 1,
	REFER = 1 << 13,    /* version 2: to move between folders */
	TRUNCATE = 1 << 14, /* version 3 */

	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE,
	TO_READ = READ_FILE | READ_DIR,
	TO_WRITE = (ALL_OF_VERSION_1 & ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK)) | REFER | TRUNCATE,
};

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed)); /* as the kernel has it */

/* What this kernel can be asked to refuse; 0 without Landlock. */
static uint64_t handled_rights(void)
{
	long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);

	if (version < 1)
		return 0;
	return ALL_OF_VERSION_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
}

static bool allow(int ruleset, const char *path, uint64_t rights)
{
	struct stat st;
	struct path_rule rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};

	if (rule.parent_fd < 0) /* nothing is there, or it cannot be reached anyway */
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
	bool done = fstat(rule.parent_fd, &st) == 0;
	rule.allowed = done && !S_ISDIR(st.st_mode) ? rights & OF_FILES : rights;
	done = done && syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return done;
}

static bool allow_all(int ruleset, const char *const *paths, size_t n, uint64_t rights)
{
	for (size_t i = 0; i < n; i++) {
		if (!allow(ruleset, paths[i], rights))
			return false;
	}
	return true;
}

bool landlock_restrict(const struct landlock_reach *reach)
{
	uint64_t handled = handled_rights();

	if (handled == 0)
		return false;
	int ruleset = (int)syscall(CREATE_RULESET, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return false;
	bool done = allow_all(ruleset, reach->read, reach->n_read, TO_READ) &&
		    allow_all(ruleset, reach->write, reach->n_write, TO_WRITE & handled) &&
		    syscall(RESTRICT_SELF, ruleset, 0) == 0;
	int failed = errno;
	close(ruleset);
	errno = failed;
	return done;
}
