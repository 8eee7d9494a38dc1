#include "tests/support/faultlib/faultlib.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const operation_names[OP_COUNT] = {
	"open", "write", "fsync", "fdatasync", "rename", "unlink", "truncate", "allocate"};

static const struct {
	const char *name;
	int number;
} errnos[] = {
	{"EACCES", EACCES},
	{"EAGAIN", EAGAIN},
	{"EBUSY", EBUSY},
	{"EDQUOT", EDQUOT},
	{"EEXIST", EEXIST},
	{"EINTR", EINTR},
	{"EINVAL", EINVAL},
	{"EIO", EIO},
	{"EMFILE", EMFILE},
	{"ENFILE", ENFILE},
	{"ENOENT", ENOENT},
	{"ENOMEM", ENOMEM},
	{"ENOSPC", ENOSPC},
	{"EPERM", EPERM},
	{"EROFS", EROFS},
	{"EXDEV", EXDEV},
};

static bool parse_operation(struct rule *rule, const char *word)
{
	if (strcmp(word, "sync") == 0) {
		rule->operations = 1U << OP_FSYNC | 1U << OP_FDATASYNC;
		return true;
	}
	for (unsigned i = 0; i < OP_COUNT; i++) {
		if (strcmp(word, operation_names[i]) == 0) {
			rule->operations = 1U << i;
			return true;
		}
	}
	return false;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

static bool parse_effect(struct rule *rule, const char *word)
{
	uint64_t ms;

	if (strcmp(word, "short") == 0) {
		rule->effect = EFFECT_SHORT;
	} else if (strcmp(word, "kill") == 0) {
		rule->effect = EFFECT_KILL;
	} else if (strcmp(word, "killafter") == 0) {
		rule->effect = EFFECT_KILL_AFTER;
	} else if (strncmp(word, "delay=", 6) == 0 && parse_number(word + 6, &ms)) {
		rule->effect = EFFECT_DELAY;
		rule->number = (int)ms;
	} else {
		rule->effect = EFFECT_ERRNO;
		for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
			if (strcmp(word, errnos[i].name) == 0)
				rule->number = errnos[i].number;
		return rule->number != 0;
	}
	return true;
}

static bool parse_condition(struct rule *rule, char *word)
{
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
		{"nth", &rule->nth},
		{"after", &rule->after},
		{"every", &rule->every},
		{"bytes", &rule->bytes},
		{"times", &rule->times},
	};
	char *value = strchr(word, '=');

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(word, "name") == 0)
		return snprintf(rule->name, sizeof(rule->name), "%s", value) <
		       (int)sizeof(rule->name);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(word, numbers[i].key) == 0)
			return parse_number(value, numbers[i].value);
	return false;
}

void faults_parse(const char *text)
{
	char copy[4096];

	self.n_rules = 0;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		misused("too long", text);
	for (char *rest = copy, *one; (one = strsep(&rest, ";\n")) != NULL;) {
		if (*one == '\0')
			continue;
		if (self.n_rules == RULES_MAX)
			misused("too many rules", text);
		struct rule *rule = &self.rules[self.n_rules++];
		*rule = (struct rule){0};
		char *word = strsep(&one, ":");
		if (!parse_operation(rule, word))
			misused("unknown operation", word);
		word = strsep(&one, ":");
		if (word == NULL || !parse_effect(rule, word))
			misused("unknown effect", word ? word : text);
		while ((word = strsep(&one, ":")) != NULL)
			if (!parse_condition(rule, word))
				misused("unknown condition", word);
	}
}

/* Reads the rules anew when their file has changed; no file, no rules. */
static void refresh_rules(void)
{
	struct stat status;
	char text[4096];

	if (self.rules_file == NULL)
		return;
	if (stat(self.rules_file, &status) != 0) {
		self.n_rules = 0;
		self.rules_time = (struct timespec){0};
		return;
	}
	if (status.st_mtim.tv_sec == self.rules_time.tv_sec &&
		status.st_mtim.tv_nsec == self.rules_time.tv_nsec)
		return;
	self.rules_time = status.st_mtim;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, self.rules_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		syscall(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	faults_parse(text);
}

static bool fires(struct rule *rule, enum operation operation, const char *path)
{
	if ((rule->operations & 1U << operation) == 0)
		return false;
	if (rule->name[0] != '\0' && (path == NULL || strstr(path, rule->name) == NULL))
		return false;
	rule->seen++;
	if (rule->times != 0 && rule->fired >= rule->times)
		return false;
	if (rule->nth != 0 && rule->seen != rule->nth)
		return false;
	if (rule->after != 0 && rule->seen <= rule->after)
		return false;
	if (rule->every != 0 && rule->seen % rule->every != 0)
		return false;
	if (rule->bytes != 0 && self.bytes_written < rule->bytes)
		return false;
	rule->fired++;
	self.n_fired++;
	return true;
}

const struct rule *faults_consider(enum operation operation, const char *path)
{
	static const struct rule nothing = {.effect = EFFECT_NONE};

	self.seen[operation]++;
	self.n_seen++;
	refresh_rules();
	for (size_t i = 0; i < self.n_rules; i++) {
		struct rule *rule = &self.rules[i];
		if (!fires(rule, operation, path))
			continue;
		if (rule->effect == EFFECT_KILL)
			kill(getpid(), SIGKILL);
		if (rule->effect == EFFECT_DELAY) {
			struct timespec pause = {
				rule->number / 1000, rule->number % 1000 * 1000000L};
			pthread_mutex_unlock(&self.lock); /* others go on meanwhile */
			nanosleep(&pause, NULL);
			pthread_mutex_lock(&self.lock);
			continue;
		}
		return rule;
	}
	return &nothing;
}

void faults_after(const struct rule *rule)
{
	if (rule->effect == EFFECT_KILL_AFTER)
		kill(getpid(), SIGKILL);
}
