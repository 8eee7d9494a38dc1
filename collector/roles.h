/*
 * roles - the processes of the collector, the users they run as, what they may touch
 *
 * Started as root, the supervisor gives each role the user that the settings
 * name, and none of root's powers; a role without a user, or a supervisor that
 * is not root, runs roles as it was started, and says so. Keys that sign national messages
 * must be readable by the signer's user and not by ingest's.
 *
 * All of it in the supervisor, which has one thread, and in its children
 * before they start the role's program.
 */
#ifndef COLLECTOR_ROLES_H
#define COLLECTOR_ROLES_H

#include <sys/types.h>

#include "common/err.h"
#include "common/setting.h"

/* In the order they start; they stop in the opposite order. */
enum role_number { ROLE_SIGNER, ROLE_INGEST, ROLES };

extern const char *const role_names[ROLES];

struct roles_settings {
	struct {
		const char *user; /* name or number; "" = as started */
		bool confined;
		struct setting_texts readable; /* folders beside those of the settings */
	} ingest;
	struct {
		const char *user;
	} signer;
};

extern const struct setting roles_settings_table[];

enum { ROLE_GROUPS_MAX = 64, ROLE_USER_MAX = 64 };

struct role_identity {
	enum role_number role;
	char user[ROLE_USER_MAX]; /* for people */
	bool changes;             /* to the user below; else it stays as started */
	uid_t uid;
	gid_t gid, groups[ROLE_GROUPS_MAX];
	int n_groups;
	bool low_port;       /* a port of its is below 1024 */
	uint64_t open_files; /* descriptors it needs; 0 = what there is */
};

struct collector_settings;

/*
 * In the supervisor, before it starts any: who the roles will be, that each can read and write
 * what it has to and no more, and none of root's powers but those it takes to start, to check
 * and to end them. False after saying all that is wrong.
 */
MUST_USE bool roles_prepare(const char *config, const struct collector_settings *settings,
	struct role_identity identities[ROLES]);

/*
 * In a child that starts the role: limits, umask 077, user, groups, capabilities, no new
 * privileges. False when one cannot be had; the child must end then.
 */
MUST_USE bool role_become(const struct role_identity *identity, struct err *err);

/* Part of roles_prepare(): files and folders with the eyes of each role that changes its user.
 */
MUST_USE bool roles_check(const char *config, const struct collector_settings *settings,
	const struct role_identity identities[ROLES]);

#endif
