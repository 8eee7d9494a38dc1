/* The record types of the Linux audit system. Actions are the words Elastic's Auditbeat uses.
 */
#include "collector/normalize/families/audit.h"
#include "collector/normalize/text/name_table.h"

#define TYPE(text, code, act, ...)                                                             \
	{{SLICE_BYTES(text)}, (code), {.action = {SLICE_BYTES(act)}, __VA_ARGS__}},
#define PROCESS(how)        .category = {ECS_PROCESS}, .type = {how}
#define CONFIGURATION       .category = {ECS_CONFIGURATION}, .type = {ECS_CHANGE}
#define AUTHENTICATION(how) .category = {ECS_AUTHENTICATION}, .type = {how}
#define SESSION(how)        .category = {ECS_SESSION}, .type = {how}
#define IAM(who, how)       .category = {ECS_IAM}, .type = {who}, .type2 = {how}
#define HOST(how)           .category = {ECS_HOST}, .type = {how}
#define NO_MEANING          .type = {0}
#define INTRUSION           .category = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO}
#define NETWORK(how)        .category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {how}

static const struct audit_type types[] = {
#include "collector/normalize/families/audit_types.def"
};

#undef TYPE
#define TYPE(text, code, ...) NAME(text, code),
static const struct name_entry entries[] = {
#include "collector/normalize/families/audit_types.def"
};
#undef TYPE
static struct name_table table = NAME_TABLE(entries);

static const struct audit_type *by_number(unsigned number)
{
	size_t low = 0, high = ARRAY_LEN(types);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (types[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ARRAY_LEN(types) && types[low].number == number ? &types[low] : NULL;
}

const struct audit_type *audit_type_by_name(struct slice name)
{
	return by_number(name_table_find(&table, name, name_hash(name)));
}

const struct audit_type *audit_type_by_number(struct slice digits)
{
	uint64_t number;

	return slice_to_u64(digits, 9999, &number) ? by_number((unsigned)number) : NULL;
}

/* ---- system calls ---------------------------------------------------------------- */

enum { SYSCALLS_MAX = 512 };

static const struct slice x86_64[SYSCALLS_MAX] = {
#define SYSCALL(number, name) [number] = {SLICE_BYTES(#name)},
#include "collector/normalize/families/syscalls_x86_64.def"
#undef SYSCALL
};

static const struct slice aarch64[SYSCALLS_MAX] = {
#define SYSCALL(number, name) [number] = {SLICE_BYTES(#name)},
#include "collector/normalize/families/syscalls_aarch64.def"
#undef SYSCALL
};

struct slice audit_syscall_name(struct slice arch, struct slice number)
{
	uint64_t at;

	if (!slice_to_u64(number, SYSCALLS_MAX - 1, &at))
		return SLICE_NONE;
	if (slice_ends(arch, SLICE_LIT("c000003e")))
		return x86_64[at];
	return slice_ends(arch, SLICE_LIT("c00000b7")) ? aarch64[at] : SLICE_NONE;
}

#define CALL(text, act, ...)                                                                   \
	{                                                                                      \
		{SLICE_BYTES(text)},                                                           \
		{                                                                              \
			.action = {SLICE_BYTES(act)}, __VA_ARGS__                              \
		}                                                                              \
	}
#define FILES(how) .category = {ECS_FILE}, .type = {how}

static const struct {
	struct slice name;
	struct meaning meaning;
} calls[] = {
	CALL("execve", "executed", PROCESS(ECS_START)),
	CALL("execveat", "executed", PROCESS(ECS_START)),
	CALL("open", "opened-file", FILES(ECS_ACCESS)),
	CALL("openat", "opened-file", FILES(ECS_ACCESS)),
	CALL("openat2", "opened-file", FILES(ECS_ACCESS)),
	CALL("creat", "opened-file", FILES(ECS_CREATION)),
	CALL("unlink", "deleted", FILES(ECS_DELETION)),
	CALL("unlinkat", "deleted", FILES(ECS_DELETION)),
	CALL("rmdir", "deleted", FILES(ECS_DELETION)),
	CALL("rename", "renamed", FILES(ECS_CHANGE)),
	CALL("renameat", "renamed", FILES(ECS_CHANGE)),
	CALL("renameat2", "renamed", FILES(ECS_CHANGE)),
	CALL("chmod", "changed-file-permissions-of", FILES(ECS_CHANGE)),
	CALL("fchmod", "changed-file-permissions-of", FILES(ECS_CHANGE)),
	CALL("fchmodat", "changed-file-permissions-of", FILES(ECS_CHANGE)),
	CALL("chown", "changed-file-ownership-of", FILES(ECS_CHANGE)),
	CALL("fchown", "changed-file-ownership-of", FILES(ECS_CHANGE)),
	CALL("lchown", "changed-file-ownership-of", FILES(ECS_CHANGE)),
	CALL("fchownat", "changed-file-ownership-of", FILES(ECS_CHANGE)),
	CALL("setxattr", "changed-file-attributes-of", FILES(ECS_CHANGE)),
	CALL("connect", "connected-to", NETWORK(ECS_START)),
	CALL("accept", "accepted-connection-from", NETWORK(ECS_START)),
	CALL("accept4", "accepted-connection-from", NETWORK(ECS_START)),
	CALL("bind", "bound-socket", NETWORK(ECS_START)),
	CALL("kill", "killed-pid", PROCESS(ECS_END)),
	CALL("tkill", "killed-pid", PROCESS(ECS_END)),
	CALL("tgkill", "killed-pid", PROCESS(ECS_END)),
	CALL("ptrace", "ptraced", PROCESS(ECS_ACCESS)),
	CALL("init_module", "loaded-kernel-module", .category = {ECS_DRIVER},
		.type = {ECS_START}),
	CALL("finit_module", "loaded-kernel-module", .category = {ECS_DRIVER},
		.type = {ECS_START}),
	CALL("delete_module", "unloaded-kernel-module", .category = {ECS_DRIVER},
		.type = {ECS_END}),
	CALL("mount", "mounted", FILES(ECS_CHANGE)),
	CALL("umount2", "unmounted", FILES(ECS_CHANGE)),
	CALL("settimeofday", "changed-system-time", HOST(ECS_CHANGE)),
	CALL("clock_settime", "changed-system-time", HOST(ECS_CHANGE)),
	CALL("adjtimex", "changed-system-time", HOST(ECS_CHANGE)),
	CALL("sethostname", "changed-system-name", HOST(ECS_CHANGE)),
	CALL("setuid", "changed-identity-of", PROCESS(ECS_CHANGE)),
	CALL("setreuid", "changed-identity-of", PROCESS(ECS_CHANGE)),
	CALL("setresuid", "changed-identity-of", PROCESS(ECS_CHANGE)),
	CALL("setgid", "changed-identity-of", PROCESS(ECS_CHANGE)),
};

const struct meaning *audit_syscall_meaning(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (slice_eq(calls[i].name, name))
			return &calls[i].meaning;
	}
	return NULL;
}
