/*
 * kernel - what the Linux kernel says that a security analyst looks for
 */
#include "collector/normalize/text/extract.h"

#define SAYS(name, what, how)                                                                  \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {what}, .type = { how }             \
	}

static const struct {
	struct slice words; /* anywhere in the message */
	struct meaning meaning;
} signs[] = {
	{{SLICE_BYTES("]: segfault at ")}, SAYS("segfault", ECS_PROCESS, ECS_END)},
	{{SLICE_BYTES("] general protection")}, SAYS("segfault", ECS_PROCESS, ECS_END)},
	{{SLICE_BYTES("ut of memory: Kill")}, SAYS("out_of_memory", ECS_PROCESS, ECS_END)},
	{{SLICE_BYTES("Possible SYN flooding on port")},
		SAYS("syn_flood", ECS_NETWORK, ECS_CONNECTION)},
	{{SLICE_BYTES("nf_conntrack: table full")},
		SAYS("connection_table_full", ECS_NETWORK, ECS_CONNECTION)},
	{{SLICE_BYTES("entered promiscuous mode")},
		SAYS("promiscuous_mode_entered", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("left promiscuous mode")},
		SAYS("promiscuous_mode_left", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("module verification failed")},
		SAYS("unsigned_module_loaded", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("loading out-of-tree module")},
		SAYS("unsigned_module_loaded", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("New USB device found")}, SAYS("usb_device_added", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("USB disconnect")}, SAYS("usb_device_removed", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("EXT4-fs error")}, SAYS("file_system_error", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("I/O error, dev ")}, SAYS("disk_error", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("Kernel panic")}, SAYS("kernel_panic", ECS_HOST, ECS_END)},
	{{SLICE_BYTES("BUG: ")}, SAYS("kernel_error", ECS_HOST, ECS_INFO)},
	{{SLICE_BYTES("Linux version ")}, SAYS("host_started", ECS_HOST, ECS_START)},
};

static const struct meaning denied_by_apparmor = {
	.action = {SLICE_BYTES("apparmor_denied")},
	.category = {ECS_PROCESS},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};

/* "sshd[123]: segfault", "traps: sshd[123] general protection": the word before the sign. */
static void put_process(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice before, word, name, pid;

	if (!cut_last(text, SLICE_LIT(" "), &before, &word))
		word = text;
	if (!take_until(&word, '[', &name) || !all_digits(word))
		return;
	pid = word;
	put_over(record, context, FIELD_PROCESS_NAME, name);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
}

/* "Out of memory: Killed process 123 (java) total-vm:..." */
static void put_killed(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT("process "));
	struct slice pid, name;

	if (at == text.len)
		return;
	text = slice_from(text, at + sizeof("process ") - 1);
	if (take_digits(&text, &pid))
		put_digits(record, context, FIELD_PROCESS_PID, pid);
	if (skip_lit(&text, " (") && take_until(&text, ')', &name))
		put_over(record, context, FIELD_PROCESS_NAME, name);
}

/* key="value" or key=value, anywhere */
static struct slice quoted_value(struct slice text, struct slice key)
{
	size_t at = slice_search(text, key);
	struct slice value;

	if (at == text.len)
		return SLICE_NONE;
	text = slice_from(text, at + key.len);
	if (skip_byte(&text, '"'))
		return take_until(&text, '"', &value) ? value : SLICE_NONE;
	return slice_head(text, slice_find(text, ' '));
}

static void put_apparmor(
	struct record *record, struct parse_context *context, struct slice text)
{
	put_meaning(record, context, &denied_by_apparmor);
	put(record, context, FIELD_FILE_PATH, quoted_value(text, SLICE_LIT(" name=")));
	put(record, context, FIELD_RULE_NAME, quoted_value(text, SLICE_LIT(" profile=")));
	put_digits(record, context, FIELD_PROCESS_PID, quoted_value(text, SLICE_LIT(" pid=")));
	put_over(record, context, FIELD_PROCESS_NAME, quoted_value(text, SLICE_LIT(" comm=")));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	if (slice_search(text, SLICE_LIT("apparmor=\"DENIED\"")) < text.len) {
		put_apparmor(record, context, text);
		return PARSED;
	}
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		size_t at = slice_search(text, signs[i].words);

		if (at == text.len)
			continue;
		put_meaning(record, context, &signs[i].meaning);
		if (signs[i].words.ptr[0] == ']')
			put_process(record, context, slice_head(text, at));
		else if (signs[i].words.ptr[0] == 'u')
			put_killed(record, context, text);
		return PARSED;
	}
	return PARSED_NOT_MINE;
}

static const char *const programs[] = {"kernel", NULL};

const struct parser parser_kernel = {
	.number = 11,
	.name = "kernel",
	.module = "kernel",
	.summary = "kernel: crashes, memory, devices, floods, refusals by AppArmor",
	.source = "Linux 3.10 to 6.12",
	.programs = programs,
	.parse = parse,
};
