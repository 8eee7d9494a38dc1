/*
 * accounts - users and groups made, changed and removed (shadow utilities)
 *
 *	new user: name=an, UID=1001, GID=1001, home=/home/an, shell=/bin/sh, from=/dev/pts/0
 *	new group: name=an, GID=1001
 *	delete user 'an'
 *	add 'an' to group 'sudo'
 *	password changed for an          (passwd, chpasswd, through PAM: parser pam)
 *	changed user 'an' information    (chfn)
 */
#include "collector/normalize/text/extract.h"

enum shape {
	SHAPE_PAIRS_USER,  /* name=an, UID=1001, ... */
	SHAPE_PAIRS_GROUP, /* name=an, GID=1001 */
	SHAPE_USER,        /* an' ... */
	SHAPE_GROUP,       /* an' ... */
	SHAPE_MEMBER,      /* an' to group 'sudo'; an' from group 'sudo' */
	SHAPE_ADDED,    /* an added by root to group sudo; an removed by root from group sudo */
	SHAPE_GROUP_BY, /* sudo changed by root; sudo set by root to ... */
	SHAPE_PASSWORD, /* an' changed by 'root' */
};

struct wording {
	struct slice prefix;
	enum shape shape;
	struct meaning meaning;
};

#define CHANGED(name, what, how)                                                               \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_IAM}, .type = {what},          \
		.type2 = {how}, .outcome = {                                                   \
			ECS_SUCCESS                                                            \
		}                                                                              \
	}

#define FAILED(name, what)                                                                     \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_IAM}, .type = {what},          \
		.outcome = {                                                                   \
			ECS_FAILURE                                                            \
		}                                                                              \
	}

static const struct meaning member_removed =
	CHANGED("group_member_removed", ECS_GROUP, ECS_CHANGE);

static const struct wording wordings[] = {
	{{SLICE_BYTES("new user: ")}, SHAPE_PAIRS_USER,
		CHANGED("user_created", ECS_USER, ECS_CREATION)},
	{{SLICE_BYTES("new group: ")}, SHAPE_PAIRS_GROUP,
		CHANGED("group_created", ECS_GROUP, ECS_CREATION)},
	{{SLICE_BYTES("delete user '")}, SHAPE_USER,
		CHANGED("user_deleted", ECS_USER, ECS_DELETION)},
	{{SLICE_BYTES("removed group '")}, SHAPE_GROUP,
		CHANGED("group_deleted", ECS_GROUP, ECS_DELETION)},
	{{SLICE_BYTES("add '")}, SHAPE_MEMBER,
		CHANGED("group_member_added", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("delete '")}, SHAPE_MEMBER,
		CHANGED("group_member_removed", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("change user '")}, SHAPE_USER,
		CHANGED("user_changed", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("changed user '")}, SHAPE_USER,
		CHANGED("user_changed", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("lock user '")}, SHAPE_USER,
		CHANGED("user_locked", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("unlock user '")}, SHAPE_USER,
		CHANGED("user_unlocked", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("changed password expiry for ")}, SHAPE_USER,
		CHANGED("password_expiry_changed", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("change user name '")}, SHAPE_USER,
		CHANGED("user_changed", ECS_USER, ECS_CHANGE)},
	{{SLICE_BYTES("failed adding user '")}, SHAPE_USER, FAILED("user_created", ECS_USER)},
	{{SLICE_BYTES("group added to ")}, SHAPE_PAIRS_GROUP,
		CHANGED("group_created", ECS_GROUP, ECS_CREATION)},
	{{SLICE_BYTES("removed shadow group '")}, SHAPE_GROUP,
		CHANGED("group_deleted", ECS_GROUP, ECS_DELETION)},
	{{SLICE_BYTES("group '")}, SHAPE_GROUP,
		CHANGED("group_deleted", ECS_GROUP, ECS_DELETION)},
	{{SLICE_BYTES("change GID for '")}, SHAPE_GROUP,
		CHANGED("group_changed", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("change group '")}, SHAPE_GROUP,
		CHANGED("group_changed", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("user ")}, SHAPE_ADDED,
		CHANGED("group_member_added", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("password of group ")}, SHAPE_GROUP_BY,
		CHANGED("group_password_changed", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("members of group ")}, SHAPE_GROUP_BY,
		CHANGED("group_members_set", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("administrators of group ")}, SHAPE_GROUP_BY,
		CHANGED("group_administrators_set", ECS_GROUP, ECS_CHANGE)},
	{{SLICE_BYTES("password for '")}, SHAPE_PASSWORD,
		CHANGED("password_changed", ECS_USER, ECS_CHANGE)},
};

static void put_pairs(
	struct record *record, struct parse_context *context, bool user, struct slice rest)
{
	struct slice pair;

	while (slice_cut(&rest, ',', &pair)) {
		size_t colon = slice_search(pair, SLICE_LIT(": ")); /* "/etc/group: name=an" */

		if (colon < pair.len)
			pair = slice_from(pair, colon + 2);
		pair = slice_trim(pair);
		if (skip_lit(&pair, "name="))
			put_some(record, context, user ? FIELD_USER_NAME : FIELD_GROUP_NAME,
				pair);
		else if (skip_lit(&pair, "UID="))
			put_some(record, context, FIELD_USER_ID, pair);
		else if (skip_lit(&pair, "GID="))
			put_some(record, context, FIELD_GROUP_ID, pair);
		else if (skip_lit(&pair, "from="))
			put_some(record, context, FIELD_SOC_TTY, pair);
	}
}

/* "an' to group 'sudo'" or "... shadow group 'sudo'" */
static bool put_member(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice user, group;

	if (!take_until(&rest, '\'', &user) || !take_until(&rest, '\'', &group) ||
		!take_until(&rest, '\'', &group))
		return false;
	put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_GROUP_NAME, group);
	return true;
}

/* "an added by root to group sudo", "an removed by root from group sudo": who acted is the
 * user, as everywhere. */
static bool put_added(struct record *record, struct parse_context *context, struct slice rest,
	const struct meaning *added)
{
	struct slice member = take_word(&rest), by;
	bool removed = skip_lit(&rest, " removed by ");

	if (!removed && !skip_lit(&rest, " added by "))
		return false;
	by = take_word(&rest);
	if (!(removed ? skip_lit(&rest, " from group ") : skip_lit(&rest, " to group ")))
		return false;
	put_meaning(record, context, removed ? &member_removed : added);
	put_some(record, context, FIELD_USER_NAME, by);
	put_some(record, context, FIELD_USER_TARGET_NAME, member);
	put_some(record, context, FIELD_GROUP_NAME, rest);
	return true;
}

/* "sudo changed by root", "sudo set by root to an,binh" */
static bool put_group_by(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice group = take_word(&rest);
	size_t at = slice_search(rest, SLICE_LIT(" by "));

	if (at == rest.len)
		return false;
	rest = slice_from(rest, at + 4);
	put_some(record, context, FIELD_GROUP_NAME, group);
	put_some(record, context, FIELD_USER_NAME, take_word(&rest));
	return true;
}

/* "an' changed by 'root'" */
static bool put_password(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice whose, by;

	if (!take_until(&rest, '\'', &whose) || !skip_lit(&rest, " changed by '") ||
		!take_until(&rest, '\'', &by))
		return false;
	put_some(record, context, FIELD_USER_NAME, by);
	if (!slice_eq(whose, by))
		put_some(record, context, FIELD_USER_TARGET_NAME, whose);
	return true;
}

static bool put_shape(struct record *record, struct parse_context *context, enum shape shape,
	struct slice rest)
{
	switch (shape) {
	case SHAPE_PAIRS_USER:
	case SHAPE_PAIRS_GROUP:
		put_pairs(record, context, shape == SHAPE_PAIRS_USER, rest);
		return true;
	case SHAPE_USER:
		put_some(record, context, FIELD_USER_NAME,
			slice_head(rest, slice_find(rest, '\'')));
		return true;
	case SHAPE_GROUP:
		put_some(record, context, FIELD_GROUP_NAME,
			slice_head(rest, slice_find(rest, '\'')));
		return true;
	case SHAPE_MEMBER:
		return put_member(record, context, rest);
	case SHAPE_GROUP_BY:
		return put_group_by(record, context, rest);
	case SHAPE_PASSWORD:
		return put_password(record, context, rest);
	case SHAPE_ADDED:
		break; /* says itself what it means */
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		struct slice rest = context->message;

		if (!skip_text(&rest, wordings[i].prefix))
			continue;
		if (wordings[i].shape == SHAPE_ADDED)
			return put_added(record, context, rest, &wordings[i].meaning)
				       ? PARSED
				       : PARSED_NOT_MINE;
		put_meaning(record, context, &wordings[i].meaning);
		return put_shape(record, context, wordings[i].shape, rest) ? PARSED
									   : PARSED_NOT_MINE;
	}
	return PARSED_NOT_MINE;
}

static const char *const programs[] = {"useradd", "userdel", "usermod", "groupadd", "groupdel",
	"groupmod", "gpasswd", "passwd", "chpasswd", "chfn", "chage", "chsh", "newusers",
	"newgrp", "sg", NULL};

const struct parser parser_accounts = {
	.number = 9,
	.name = "accounts",
	.module = "accounts",
	.summary = "users and groups made, changed and removed",
	.source = "shadow 4.1 to 4.17: src/useradd.c, userdel.c, usermod.c, groupadd.c, ...",
	.programs = programs,
	.parse = parse,
};
