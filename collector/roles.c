#include "collector/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/ingest/descriptors.h"
#include "collector/settings.h"
#include "common/capabilities.h"
#include "common/log.h"

enum { LOW_PORTS = 1024 };

const char *const role_names[ROLES] = {
	[ROLE_SIGNER] = "signer",
	[ROLE_INGEST] = "ingest",
};

/* ---- settings --------------------------------------------------------------- */

#define AT(member) offsetof(struct roles_settings, member)

static const struct setting ingest_table[] = {
	{"user", SETTING_TEXT, AT(ingest.user), "", 0, 32,
		"User (name or number) it runs as when the collector is started as root; "
		"empty: as it was started."},
	{"confined", SETTING_FLAG, AT(ingest.confined), "true", 0, 0,
		"It can open no files but below the folders of these settings and the "
		"system's own "
		"(Landlock), and make no system calls that services do not need. Turn it off "
		"only to "
		"look for an error."},
	{"readable", SETTING_PATHS, AT(ingest.readable), NULL, 0, 64,
		"More folders it may read, such as those that 'properties' of Kafka name.",
		.example = "[/opt/kafka-client]"},
	{0},
};

static const struct setting signer_table[] = {
	{"user", SETTING_TEXT, AT(signer.user), "", 0, 32,
		"The same for the process that holds the signing keys: another user than "
		"ingest's, and the owner of the keys."},
	{0},
};

#undef AT

const struct setting roles_settings_table[] = {
	{"ingest", SETTING_SECTION, 0, NULL, 0, 0,
		"Receives from agents, stores, counts, sends.", .table = ingest_table},
	{"signer", SETTING_SECTION, 0, NULL, 0, 0, "Signs, and does nothing else.",
		.table = signer_table},
	{0},
};

/* ---- who -------------------------------------------------------------------- */

static const struct passwd *find_user(const char *name)
{
	uint64_t number;

	if (slice_to_u64(slice_str(name), UINT32_MAX - 1, &number))
		return getpwuid((uid_t)number);
	return getpwnam(name);
}

static bool identify(struct role_identity *identity, const char *name, struct err *err)
{
	const struct passwd *user = find_user(name);
	const char *role = role_names[identity->role];

	if (user == NULL)
		return err_set(err, "roles.%s.user: there is no user '%s'", role, name);
	if (user->pw_uid == 0)
		return err_set(err,
			"roles.%s.user: '%s' is root; leave it empty to run as started", role,
			name);
	identity->changes = true;
	identity->uid = user->pw_uid;
	identity->gid = user->pw_gid;
	identity->n_groups = ROLE_GROUPS_MAX;
	snprintf(identity->user, sizeof(identity->user), "%s", user->pw_name);
	if (getgrouplist(user->pw_name, user->pw_gid, identity->groups, &identity->n_groups) <
		0)
		return err_set(err, "roles.%s.user: '%s' is in more than %d groups", role, name,
			ROLE_GROUPS_MAX);
	return true;
}

static void identify_as_started(struct role_identity *identity)
{
	const struct passwd *user = getpwuid(geteuid());

	if (user != NULL)
		snprintf(identity->user, sizeof(identity->user), "%s", user->pw_name);
	else
		snprintf(identity->user, sizeof(identity->user), "%u", (unsigned)geteuid());
	identity->uid = geteuid();
	identity->gid = getegid();
}

static bool port_is_low(const char *listen)
{
	const char *colon = strrchr(listen, ':');
	uint64_t port;

	return colon != NULL && slice_to_u64(slice_str(colon + 1), UINT16_MAX, &port) &&
	       port > 0 && port < LOW_PORTS;
}

static bool listens_low(const struct ingest_settings *settings)
{
	const struct written_listener *listeners = settings->syslog.listeners.items;
	bool low = port_is_low(settings->listen);

	for (size_t i = 0; i < settings->syslog.listeners.n; i++)
		low |= port_is_low(listeners[i].listen);
	return low;
}

static bool identify_all(const struct collector_settings *settings,
	struct role_identity identities[ROLES], struct err *err)
{
	const char *const users[ROLES] = {
		[ROLE_SIGNER] = settings->roles.signer.user,
		[ROLE_INGEST] = settings->roles.ingest.user,
	};

	for (unsigned i = 0; i < ROLES; i++) {
		identities[i] = (struct role_identity){.role = (enum role_number)i};
		identify_as_started(&identities[i]);
		if (geteuid() == 0 && users[i][0] != '\0' &&
			!identify(&identities[i], users[i], err))
			return false;
	}
	const struct role_identity *signer = &identities[ROLE_SIGNER];
	struct role_identity *ingest = &identities[ROLE_INGEST];
	if (ingest->changes && signer->changes && ingest->uid == signer->uid)
		return err_set(err,
			"roles.signer.user: '%s' is ingest's user too; the keys need one that "
			"has nothing else to do",
			signer->user);
	ingest->low_port = listens_low(&settings->ingest);
	ingest->open_files = descriptors_needed(&settings->ingest);
	return true;
}

/* ---- becoming --------------------------------------------------------------- */

static bool limit(__rlimit_resource_t resource, const char *name, rlim_t most, struct err *err)
{
	if (setrlimit(resource, &(struct rlimit){most, most}) != 0)
		return err_sys(err, "limiting %s", name);
	return true;
}

/* As many as needed, when that may be had; else as many as there are. */
static void raise_open_files(uint64_t needed)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	if (files.rlim_max < needed &&
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){needed, needed}) == 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static bool change_user(const struct role_identity *identity, struct err *err)
{
	const uint64_t wanted = identity->low_port ? CAPABILITY(CAP_NET_BIND_SERVICE) : 0;
	const uint64_t kept = wanted & capabilities_held();

	if (!capabilities_bound(kept))
		return err_sys(err, "giving up capabilities for ever (CAP_SETPCAP)");
	if (prctl(PR_SET_KEEPCAPS, kept != 0, 0, 0, 0) != 0 ||
		setgroups((size_t)identity->n_groups, identity->groups) != 0 ||
		setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
		setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return err_sys(err, "becoming user %s", identity->user);
	if (!capabilities_hold(kept, kept))
		return err_sys(err, "giving up capabilities");
	return true;
}

bool role_become(const struct role_identity *identity, struct err *err)
{
	umask(S_IRWXG | S_IRWXO);
	if (identity->open_files > 0)
		raise_open_files(identity->open_files);
	if (identity->role == ROLE_SIGNER && !limit(RLIMIT_CORE, "core files", 0, err))
		return false;
	if (identity->changes && !change_user(identity, err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(err, "refusing new privileges");
	return true;
}

/* ---- the supervisor --------------------------------------------------------- */

static bool shed_power(const struct role_identity identities[ROLES], struct err *err)
{
	const uint64_t needed =
		CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETPCAP) |
		CAPABILITY(CAP_KILL) | CAPABILITY(CAP_SYS_RESOURCE) |
		CAPABILITY(CAP_NET_BIND_SERVICE) | CAPABILITY(CAP_DAC_READ_SEARCH);

	for (unsigned i = 0; i < ROLES; i++) {
		if (!identities[i].changes)
			return true;
	}
	const uint64_t kept = needed & capabilities_held();
	if (!capabilities_bound(kept) || !capabilities_hold(kept, 0))
		return err_sys(err, "giving up capabilities");
	return true;
}

static void log_identities(
	const struct collector_settings *settings, const struct role_identity identities[ROLES])
{
	const struct role_identity *ingest = &identities[ROLE_INGEST];
	const struct role_identity *signer = &identities[ROLE_SIGNER];

	log_info("roles.users", "ingest=%s signer=%s", ingest->user, signer->user);
	if (ingest->uid == signer->uid)
		log_warn("roles.one_user",
			"user=%s, who takes over ingest may reach the signing keys; %s",
			ingest->user,
			geteuid() == 0 ? "set roles.ingest.user and roles.signer.user"
				       : "start as root with users of their own");
	else if (ingest->uid == 0)
		log_warn("roles.root", "ingest runs as root; set roles.ingest.user");
	if (geteuid() != 0 && settings->roles.ingest.user[0] + settings->roles.signer.user[0])
		log_warn("roles.not_root", "users of the settings are not taken");
}

bool roles_prepare(const char *config, const struct collector_settings *settings,
	struct role_identity identities[ROLES])
{
	struct err err;

	if (identify_all(settings, identities, &err)) {
		log_identities(settings, identities);
		if (!roles_check(config, settings, identities))
			return false;
		if (shed_power(identities, &err))
			return true;
	}
	log_error("roles.refused", "reason=\"%s\"", err.text);
	return false;
}
