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
#include "collector/normalize/extract.h"

enum shape {
	SHAPE_PAIRS_USER,  /* name=an, UID=1001, ... */
	SHAPE_PAIRS_GROUP, /* name=an, GID=1001 */
	SHAPE_USER,        /* an' ... */
	SHAPE_GROUP,       /* an' ... */
	SHAPE_MEMBER,      /* an' to group 'sudo'; an' from group 'sudo' */
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
};

static void put_pairs(
	struct record *record, struct parse_context *context, bool user, struct slice rest)
{
	struct slice pair;

	while (slice_cut(&rest, ',', &pair)) {
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
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		struct slice rest = context->message;

		if (!skip_text(&rest, wordings[i].prefix))
			continue;
		put_meaning(record, context, &wordings[i].meaning);
		return put_shape(record, context, wordings[i].shape, rest) ? PARSED
									   : PARSED_NOT_MINE;
	}
	return PARSED_NOT_MINE;
}

static const char *const programs[] = {"useradd", "userdel", "usermod", "groupadd", "groupdel",
	"groupmod", "gpasswd", "passwd", "chpasswd", "chfn", "chage", "chsh", NULL};

const struct parser parser_accounts = {
	.number = 9,
	.name = "accounts",
	.module = "accounts",
	.summary = "users and groups made, changed and removed",
	.source = "shadow 4.1 to 4.17: src/useradd.c, userdel.c, usermod.c, groupadd.c, ...",
	.programs = programs,
	.parse = parse,
};
