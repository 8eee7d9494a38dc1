/*
 * sftp - what users did with files, by OpenSSH's sftp-server and internal-sftp
 *
 *	open "/srv/tep.pdf" flags READ mode 0666
 *	close "/srv/tep.pdf" bytes read 4096 written 0
 *	rename old "/srv/a" new "/srv/b"
 *	session opened for local user an from [192.0.2.1]
 */
#include "collector/normalize/text/extract.h"

struct wording {
	struct slice prefix;
	struct meaning meaning;
};

#define DONE(name, how)                                                                        \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_FILE}, .type = { how }         \
	}

static const struct wording wordings[] = {
	{{SLICE_BYTES("open ")}, DONE("sftp_open", ECS_ACCESS)},
	{{SLICE_BYTES("close ")}, DONE("sftp_close", ECS_ACCESS)},
	{{SLICE_BYTES("forced close ")}, DONE("sftp_close", ECS_ACCESS)},
	{{SLICE_BYTES("forced closedir ")}, DONE("sftp_list", ECS_ACCESS)},
	{{SLICE_BYTES("opendir ")}, DONE("sftp_list", ECS_ACCESS)},
	{{SLICE_BYTES("statvfs ")}, DONE("sftp_stat", ECS_ACCESS)},
	{{SLICE_BYTES("closedir ")}, DONE("sftp_list", ECS_ACCESS)},
	{{SLICE_BYTES("lstat name ")}, DONE("sftp_stat", ECS_ACCESS)},
	{{SLICE_BYTES("stat name ")}, DONE("sftp_stat", ECS_ACCESS)},
	{{SLICE_BYTES("realpath ")}, DONE("sftp_stat", ECS_ACCESS)},
	{{SLICE_BYTES("readlink ")}, DONE("sftp_stat", ECS_ACCESS)},
	{{SLICE_BYTES("remove name ")}, DONE("sftp_remove", ECS_DELETION)},
	{{SLICE_BYTES("rmdir name ")}, DONE("sftp_remove", ECS_DELETION)},
	{{SLICE_BYTES("mkdir name ")}, DONE("sftp_mkdir", ECS_CREATION)},
	{{SLICE_BYTES("set ")}, DONE("sftp_change", ECS_CHANGE)},
	{{SLICE_BYTES("rename old ")}, DONE("sftp_rename", ECS_CHANGE)},
	{{SLICE_BYTES("posix-rename old ")}, DONE("sftp_rename", ECS_CHANGE)},
	{{SLICE_BYTES("symlink old ")}, DONE("sftp_link", ECS_CREATION)},
	{{SLICE_BYTES("hardlink old ")}, DONE("sftp_link", ECS_CREATION)},
};

static const struct meaning opened = {
	.action = {SLICE_BYTES("sftp_session_opened")},
	.category = {ECS_SESSION},
	.type = {ECS_START},
};
static const struct meaning closed = {
	.action = {SLICE_BYTES("sftp_session_closed")},
	.category = {ECS_SESSION},
	.type = {ECS_END},
};
static const struct meaning status = {
	.action = {SLICE_BYTES("sftp_status")},
	.category = {ECS_FILE},
	.type = {ECS_INFO},
};

/* "/srv/a" in quotes: users may choose quotes as well, but what sftp-server says behind a path
 * holds none, so that the last one is its own. */
static bool take_path(struct slice *rest, struct slice *path)
{
	struct slice inside = *rest;

	return skip_byte(&inside, '"') && cut_last(inside, SLICE_LIT("\""), path, rest);
}

/* "/srv/a" new "/srv/b", where the two quotes between can only be guessed: the first ones. */
static bool take_paths(struct slice rest, struct slice *path, struct slice *target)
{
	static const struct slice between = {SLICE_BYTES("\" new \"")};
	size_t at = slice_search(rest, between);

	if (at == rest.len || !skip_byte(&rest, '"') || rest.ptr[rest.len - 1] != '"')
		return false;
	*path = slice_head(rest, at - 1);
	*target = slice_from(rest, at - 1 + between.len);
	target->len--;
	return true;
}

/* "user an from [192.0.2.1]" */
static void put_peer(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice user, from;

	if (!cut_last(rest, SLICE_LIT(" from "), &user, &from))
		return;
	put_some(record, context, FIELD_USER_NAME, user);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, from);
}

/* "bytes read 4096 written 0": of the file, so what is read is what was sent. */
static void put_bytes(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice n;

	if (skip_lit(&rest, "bytes read ") && take_digits(&rest, &n))
		put_digits(record, context, FIELD_DESTINATION_BYTES, n);
	if (skip_lit(&rest, " written ") && take_digits(&rest, &n))
		put_digits(record, context, FIELD_SOURCE_BYTES, n);
}

static bool read_file(struct record *record, struct parse_context *context, struct slice rest,
	const struct wording *wording)
{
	struct slice path, target = SLICE_NONE, mode, rights;

	bool two = slice_ends(wording->prefix, SLICE_LIT(" old "));

	if (two ? !take_paths(rest, &path, &target) : !take_path(&rest, &path))
		return false;
	put_meaning(record, context, &wording->meaning);
	put(record, context, FIELD_FILE_PATH, path);
	put(record, context, FIELD_FILE_TARGET_PATH, target);
	if (two)
		return true;
	skip_blanks(&rest);
	put_bytes(record, context, rest);
	if (cut_last(rest, SLICE_LIT("mode "), &mode, &rights) && take_digits(&rights, &mode))
		put(record, context, FIELD_FILE_MODE, mode);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (skip_lit(&rest, "session opened for local user ")) {
		put_meaning(record, context, &opened);
		put_peer(record, context, rest);
		return PARSED;
	}
	if (skip_lit(&rest, "session closed for local user ")) {
		put_meaning(record, context, &closed);
		put_peer(record, context, rest);
		return PARSED;
	}
	if (skip_lit(&rest, "sent status ")) {
		put_meaning(record, context, &status);
		put(record, context, FIELD_EVENT_REASON, rest);
		return PARSED;
	}
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		struct slice behind = rest;

		if (skip_text(&behind, wordings[i].prefix))
			return read_file(record, context, behind, &wordings[i])
				       ? PARSED
				       : PARSED_NOT_MINE;
	}
	return PARSED_NOT_MINE;
}

static const char *const programs[] = {"sftp-server", "internal-sftp", NULL};

const struct parser parser_sftp = {
	.number = 31,
	.name = "sftp",
	.module = "sftp",
	.summary = "files read, written, removed and renamed over SFTP",
	.source = "OpenSSH 5.0 to 10.0: sftp-server.c",
	.programs = programs,
	.parse = parse,
};
