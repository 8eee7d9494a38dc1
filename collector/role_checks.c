#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/roles.h"
#include "collector/settings.h"
#include "common/log.h"

/* One role's look at files; it runs in a child that has become that role's user. */
struct look {
	const struct role_identity *identity;
	unsigned wrong;
};

struct named_path {
	const char *setting;
	const char *path; /* "" = not set */
};

static bool refused(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) != 0 && errno != ENOENT;
}

/* What is not there is told by those who need it. */
static void must_read(struct look *look, const struct named_path *named)
{
	if (named->path[0] == '\0' || !refused(named->path, R_OK))
		return;
	log_error("roles.access", "user=%s setting=%s reason=\"may not read %s: %s\"",
		look->identity->user, named->setting, named->path, strerror(errno));
	look->wrong++;
}

static void must_not_read(
	struct look *look, const struct named_path *named, const struct role_identity *owner)
{
	if (faccessat(AT_FDCWD, named->path, R_OK, AT_EACCESS) != 0)
		return;
	log_error("roles.access",
		"user=%s setting=%s reason=\"%s can read this key, which is the signer's "
		"alone; run: chown %s %s && chmod 600 %s\"",
		look->identity->user, named->setting, role_names[look->identity->role],
		owner->user, named->path, named->path);
	look->wrong++;
}

/* The folder, or the nearest one above it that exists. */
static void nearest_existing(const char *path, char *out, size_t size)
{
	char *slash;

	snprintf(out, size, "%s", path);
	while (access(out, F_OK) != 0 && errno == ENOENT &&
		(slash = strrchr(out, '/')) != NULL && slash != out)
		*slash = '\0';
}

static void say_not_writable(struct look *look, const struct named_path *named,
	const char *what, const char *path, int failed)
{
	log_error("roles.access",
		"user=%s setting=%s reason=\"may not %s %s: %s\" run=\"chown -R %s %s\"",
		look->identity->user, named->setting, what, path, strerror(failed),
		look->identity->user, named->path);
	look->wrong++;
}

/* The first file in the folder that cannot be written: one tells enough. */
static void must_write_all_in(struct look *look, const struct named_path *named)
{
	char *path = strdup(named->path);
	char *const paths[] = {path, NULL};
	FTS *tree = path ? fts_open(paths, FTS_PHYSICAL | FTS_NOSTAT, NULL) : NULL;
	const FTSENT *entry;
	bool good = true;

	while (good && tree != NULL && (entry = fts_read(tree)) != NULL) {
		bool is_folder = entry->fts_info == FTS_D;

		if (entry->fts_info == FTS_DP || entry->fts_info == FTS_SL)
			continue;
		good = !refused(entry->fts_accpath, is_folder ? R_OK | W_OK | X_OK : W_OK);
		if (!good)
			say_not_writable(look, named, "write", entry->fts_path, errno);
	}
	if (tree != NULL)
		fts_close(tree);
	free(path);
}

static void must_write_folder(struct look *look, const struct named_path *named)
{
	char nearest[4096];

	if (named->path[0] == '\0')
		return;
	nearest_existing(named->path, nearest, sizeof(nearest));
	if (strcmp(nearest, named->path) == 0)
		must_write_all_in(look, named);
	else if (refused(nearest, W_OK | X_OK))
		say_not_writable(look, named, "make a folder in", nearest, errno);
}

/* Where the control socket is made. */
static void must_make_in_folder_of(struct look *look, const struct named_path *named)
{
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s", named->path);
	char *slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	if (refused(folder, W_OK | X_OK))
		say_not_writable(look, &(struct named_path){named->setting, folder},
			"make a socket in", folder, errno);
}

static void look_at_listeners(struct look *look, const struct sender_settings *settings)
{
	const struct written_listener *listeners = settings->listeners.items;

	for (size_t i = 0; i < settings->listeners.n; i++) {
		const struct named_path read[] = {
			{"ingest.syslog.listeners.ca", listeners[i].ca},
			{"ingest.syslog.listeners.crl", listeners[i].crl},
			{"ingest.syslog.listeners.certificate", listeners[i].certificate},
			{"ingest.syslog.listeners.key", listeners[i].key},
		};

		for (size_t j = 0; j < ARRAY_LEN(read); j++)
			must_read(look, &read[j]);
	}
}

static void look_as_ingest(struct look *look, const char *config,
	const struct collector_settings *settings, const struct role_identity *signer)
{
	const struct kafka_settings *kafka = &settings->forward.kafka;
	const struct named_path read[] = {
		{"-c", config},
		{"agencies", settings->agencies},
		{"national", settings->national},
		{"masking", settings->masking},
		{"enrich", settings->enrich},
		{"ingest.ca", settings->ingest.ca},
		{"ingest.crl", settings->ingest.crl},
		{"ingest.certificate", settings->ingest.certificate},
		{"ingest.key", settings->ingest.key},
		{"forward.kafka.ca", kafka->ca},
		{"forward.kafka.certificate", kafka->certificate},
		{"forward.kafka.key", kafka->key},
		{"forward.kafka.sasl-password-file", kafka->sasl_password_file},
	};
	const struct named_path keys[] = {
		{"signer.jws.key", settings->signer.jws.key},
		{"signer.xml.key", settings->signer.xml.key},
	};

	for (size_t i = 0; i < ARRAY_LEN(read); i++)
		must_read(look, &read[i]);
	look_at_listeners(look, &settings->ingest.syslog);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		must_not_read(look, &keys[i], signer);
	must_write_folder(look, &(struct named_path){"store.dir", settings->store.dir});
	must_write_folder(look, &(struct named_path){"derive.dir", settings->derive.dir});
	if (forward_writes_files(&settings->forward))
		must_write_folder(look,
			&(struct named_path){"forward.file.dir", settings->forward.file.dir});
	must_make_in_folder_of(look, &(struct named_path){"control", settings->control});
}

static void look_as_signer(
	struct look *look, const char *config, const struct collector_settings *settings)
{
	const struct named_path read[] = {
		{"-c", config},
		{"signer.jws.key", settings->signer.jws.key},
		{"signer.jws.certificate", settings->signer.jws.certificate},
		{"signer.xml.key", settings->signer.xml.key},
		{"signer.xml.certificate", settings->signer.xml.certificate},
	};

	for (size_t i = 0; i < ARRAY_LEN(read); i++)
		must_read(look, &read[i]);
}

NO_RETURN static void look_in_child(const char *config,
	const struct collector_settings *settings, const struct role_identity identities[ROLES],
	enum role_number role)
{
	struct look look = {.identity = &identities[role]};
	struct err err;

	if (!role_become(look.identity, &err)) {
		log_error("roles.access", "role=%s reason=\"%s\"", role_names[role], err.text);
		_exit(EXIT_FAILURE);
	}
	switch (role) {
	case ROLE_INGEST:
		look_as_ingest(&look, config, settings, &identities[ROLE_SIGNER]);
		break;
	case ROLE_SIGNER:
		look_as_signer(&look, config, settings);
		break;
	case ROLES:
		break;
	}
	_exit(look.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool roles_check(const char *config, const struct collector_settings *settings,
	const struct role_identity identities[ROLES])
{
	bool good = true;

	for (unsigned i = 0; i < ROLES; i++) {
		int status;

		if (!identities[i].changes)
			continue;
		pid_t pid = fork();
		if (pid == 0)
			look_in_child(config, settings, identities, (enum role_number)i);
		good &= pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == EXIT_SUCCESS;
	}
	return good;
}
