/* Sysmon: Microsoft Sysinternals, "Sysmon v15", events 1-29 and 255; also Sysmon for Linux.
 * Actions are the names of the tasks in its manifest. */
#include "collector/normalize/families/winlog_events.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

enum shape {
	SHAPE_NONE,
	SHAPE_CREATED, /* a process with its parent */
	SHAPE_FILE,
	SHAPE_NETWORK,
	SHAPE_IMAGE, /* a driver or library that is loaded */
	SHAPE_TWO,   /* a process that touches another one */
	SHAPE_REGISTRY,
	SHAPE_PIPE,
	SHAPE_DNS,
};

#define FILES(how) .category = {ECS_FILE}, .type = {how}
#define REGISTRY                                                                               \
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_REGISTRY}, .type = {ECS_CHANGE}

/* Sorted by id. */
static const struct winlog_event events[] = {
	EVENT(1, CREATED, "Process Create (rule: ProcessCreate)", PROCESS(ECS_START)),
	EVENT(2, FILE, "File creation time changed (rule: FileCreateTime)", FILES(ECS_CHANGE)),
	EVENT(3, NETWORK, "Network connection detected (rule: NetworkConnect)",
		.category = {ECS_NETWORK}, .type = {ECS_START}, .type2 = {ECS_CONNECTION},
		.type3 = {ECS_PROTOCOL}),
	EVENT(4, NONE, "Sysmon service state changed", PROCESS(ECS_CHANGE)),
	EVENT(5, NONE, "Process terminated (rule: ProcessTerminate)", PROCESS(ECS_END)),
	EVENT(6, IMAGE, "Driver loaded (rule: DriverLoad)", .category = {ECS_DRIVER},
		.type = {ECS_START}),
	EVENT(7, IMAGE, "Image loaded (rule: ImageLoad)", PROCESS(ECS_CHANGE)),
	EVENT(8, TWO, "CreateRemoteThread detected (rule: CreateRemoteThread)",
		PROCESS(ECS_CHANGE)),
	EVENT(9, NONE, "RawAccessRead detected (rule: RawAccessRead)", PROCESS(ECS_ACCESS)),
	EVENT(10, TWO, "Process accessed (rule: ProcessAccess)", PROCESS(ECS_ACCESS)),
	EVENT(11, FILE, "File created (rule: FileCreate)", FILES(ECS_CREATION)),
	EVENT(12, REGISTRY, "Registry object added or deleted (rule: RegistryEvent)", REGISTRY),
	EVENT(13, REGISTRY, "Registry value set (rule: RegistryEvent)", REGISTRY),
	EVENT(14, REGISTRY, "Registry object renamed (rule: RegistryEvent)", REGISTRY),
	EVENT(15, FILE, "File stream created (rule: FileCreateStreamHash)", FILES(ECS_ACCESS)),
	EVENT(16, NONE, "Sysmon config state changed", .category = {ECS_CONFIGURATION},
		.type = {ECS_CHANGE}),
	EVENT(17, PIPE, "Pipe Created (rule: PipeEvent)", FILES(ECS_CREATION)),
	EVENT(18, PIPE, "Pipe Connected (rule: PipeEvent)", FILES(ECS_ACCESS)),
	EVENT(19, NONE, "WmiEventFilter activity detected (rule: WmiEvent)",
		.type = {ECS_CREATION}),
	EVENT(20, NONE, "WmiEventConsumer activity detected (rule: WmiEvent)",
		.type = {ECS_CREATION}),
	EVENT(21, NONE, "WmiEventConsumerToFilter activity detected (rule: WmiEvent)",
		.type = {ECS_ACCESS}),
	EVENT(22, DNS, "Dns query (rule: DnsQuery)", .category = {ECS_NETWORK},
		.type = {ECS_CONNECTION}, .type2 = {ECS_PROTOCOL}, .type3 = {ECS_INFO}),
	EVENT(23, FILE, "File Delete archived (rule: FileDelete)", FILES(ECS_DELETION)),
	EVENT(24, NONE, "Clipboard changed (rule: ClipboardChange)", .type = {ECS_CHANGE}),
	EVENT(25, NONE, "Process Tampering (rule: ProcessTampering)", PROCESS(ECS_CHANGE)),
	EVENT(26, FILE, "File Delete logged (rule: FileDeleteDetected)", FILES(ECS_DELETION)),
	EVENT(27, FILE, "File Block Executable (rule: FileBlockExecutable)", FILES(ECS_DENIED)),
	EVENT(28, FILE, "File Block Shredding (rule: FileBlockShredding)", FILES(ECS_DENIED)),
	EVENT(29, FILE, "File Executable Detected (rule: FileExecutableDetected)",
		FILES(ECS_CREATION)),
	EVENT(255, NONE, "Error report", .category = {ECS_PROCESS}, .type = {ECS_ERROR}),
};

#define DATA(name) WINLOG_DATA(winlog, name)

/* Fields of hashes and version information: of the process or of a file. */
struct image_fields {
	enum field_id md5, sha1, sha256, imphash;
	enum field_id original, product, description, company, version;
};

static const struct image_fields of_process = {FIELD_PROCESS_HASH_MD5, FIELD_PROCESS_HASH_SHA1,
	FIELD_PROCESS_HASH_SHA256, FIELD_PROCESS_PE_IMPHASH,
	FIELD_PROCESS_PE_ORIGINAL_FILE_NAME, FIELD_PROCESS_PE_PRODUCT,
	FIELD_PROCESS_PE_DESCRIPTION, FIELD_PROCESS_PE_COMPANY, FIELD_PROCESS_PE_FILE_VERSION};
static const struct image_fields of_file = {FIELD_FILE_HASH_MD5, FIELD_FILE_HASH_SHA1,
	FIELD_FILE_HASH_SHA256, FIELD_FILE_PE_IMPHASH, FIELD_FILE_PE_ORIGINAL_FILE_NAME,
	FIELD_FILE_PE_PRODUCT, FIELD_FILE_PE_DESCRIPTION, FIELD_FILE_PE_COMPANY,
	FIELD_FILE_PE_FILE_VERSION};

/* "SHA1=...,MD5=...,SHA256=...,IMPHASH=..." */
static void put_hashes(
	struct winlog *winlog, const struct image_fields *fields, struct slice hashes)
{
	struct slice hash, kind;

	while (slice_cut(&hashes, ',', &hash)) {
		hash = slice_trim(hash);
		if (!take_until(&hash, '=', &kind))
			continue;
		if (slice_eq_nocase(kind, SLICE_LIT("MD5")))
			winlog_put_some(winlog, fields->md5, hash);
		else if (slice_eq_nocase(kind, SLICE_LIT("SHA1")))
			winlog_put_some(winlog, fields->sha1, hash);
		else if (slice_eq_nocase(kind, SLICE_LIT("SHA256")))
			winlog_put_some(winlog, fields->sha256, hash);
		else if (fields->imphash != 0 && slice_eq_nocase(kind, SLICE_LIT("IMPHASH")))
			winlog_put_some(winlog, fields->imphash, hash);
	}
}

static void put_image(struct winlog *winlog, const struct image_fields *fields)
{
	put_hashes(winlog, fields, DATA(HASHES));
	winlog_put_some(winlog, fields->original, DATA(ORIGINAL_FILE_NAME));
	winlog_put_some(winlog, fields->product, DATA(PRODUCT));
	winlog_put_some(winlog, fields->description, DATA(DESCRIPTION));
	winlog_put_some(winlog, fields->company, DATA(COMPANY));
	winlog_put_some(winlog, fields->version, DATA(FILE_VERSION));
}

static void put_process(struct winlog *winlog)
{
	winlog_put_some(winlog, FIELD_PROCESS_ENTITY_ID, DATA(PROCESS_GUID));
	winlog_put_id(winlog, FIELD_PROCESS_PID, DATA(PROCESS_ID));
	winlog_put_executable(
		winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, DATA(IMAGE));
	winlog_put_account(winlog, DATA(USER));
}

static void put_created(struct winlog *winlog)
{
	winlog_put_command(
		winlog, FIELD_PROCESS_COMMAND_LINE, FIELD_PROCESS_ARGS, DATA(COMMAND_LINE));
	winlog_put_some(winlog, FIELD_PROCESS_WORKING_DIRECTORY, DATA(CURRENT_DIRECTORY));
	winlog_put_some(winlog, FIELD_PROCESS_PARENT_ENTITY_ID, DATA(PARENT_PROCESS_GUID));
	winlog_put_id(winlog, FIELD_PROCESS_PARENT_PID, DATA(PARENT_PROCESS_ID));
	winlog_put_executable(winlog, FIELD_PROCESS_PARENT_EXECUTABLE,
		FIELD_PROCESS_PARENT_NAME, DATA(PARENT_IMAGE));
	winlog_put_command(winlog, FIELD_PROCESS_PARENT_COMMAND_LINE, FIELD_PROCESS_PARENT_ARGS,
		DATA(PARENT_COMMAND_LINE));
	winlog_put_some(winlog, FIELD_WINLOG_LOGON_ID, DATA(LOGON_ID));
	put_image(winlog, &of_process);
}

struct signature_fields {
	enum field_id subject, status, exists, valid;
};

static const struct signature_fields signature_of_file = {
	FIELD_FILE_CODE_SIGNATURE_SUBJECT_NAME, FIELD_FILE_CODE_SIGNATURE_STATUS,
	FIELD_FILE_CODE_SIGNATURE_EXISTS, FIELD_FILE_CODE_SIGNATURE_VALID};
static const struct signature_fields signature_of_library = {
	FIELD_DLL_CODE_SIGNATURE_SUBJECT_NAME, FIELD_DLL_CODE_SIGNATURE_STATUS,
	FIELD_DLL_CODE_SIGNATURE_EXISTS, FIELD_DLL_CODE_SIGNATURE_VALID};

static void put_signature(struct winlog *winlog, const struct signature_fields *fields)
{
	struct slice status = DATA(SIGNATURE_STATUS);

	winlog_put_some(winlog, fields->subject, DATA(SIGNATURE));
	winlog_put_some(winlog, fields->status, status);
	winlog_put_some(winlog, fields->exists, DATA(SIGNED));
	if (status.len > 1)
		put(winlog->record, winlog->context, fields->valid,
			slice_eq(status, SLICE_LIT("Valid")) ? SLICE_LIT("true")
							     : SLICE_LIT("false"));
}

static const struct image_fields of_library = {.md5 = FIELD_DLL_HASH_MD5,
	.sha1 = FIELD_DLL_HASH_SHA1,
	.sha256 = FIELD_DLL_HASH_SHA256};

static void put_library(struct winlog *winlog)
{
	winlog_put_executable(winlog, FIELD_DLL_PATH, FIELD_DLL_NAME, DATA(IMAGE_LOADED));
	put_hashes(winlog, &of_library, DATA(HASHES));
	put_signature(winlog, &signature_of_library);
}

static void put_loaded(struct winlog *winlog)
{
	winlog_put_file(winlog, DATA(IMAGE_LOADED));
	if (slice_eq(winlog->event_id, SLICE_LIT("7")))
		put_library(winlog);
	put_image(winlog, &of_file);
	put_signature(winlog, &signature_of_file);
}

static void put_file(struct winlog *winlog)
{
	winlog_put_file(winlog, DATA(TARGET_FILENAME));
	put_hashes(winlog, &of_file, slice_absent(DATA(HASHES)) ? DATA(HASH) : DATA(HASHES));
}

static void put_network(struct winlog *winlog)
{
	struct record *record = winlog->record;
	struct parse_context *context = winlog->context;

	put_transport(record, context, DATA(PROTOCOL));
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, DATA(SOURCE_IP));
	put_digits(record, context, FIELD_SOURCE_PORT, DATA(SOURCE_PORT));
	winlog_put_some(winlog, FIELD_SOURCE_DOMAIN, DATA(SOURCE_HOSTNAME));
	put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
		DATA(DESTINATION_IP));
	put_digits(record, context, FIELD_DESTINATION_PORT, DATA(DESTINATION_PORT));
	winlog_put_some(winlog, FIELD_DESTINATION_DOMAIN, DATA(DESTINATION_HOSTNAME));
	winlog_put_some(winlog, FIELD_NETWORK_PROTOCOL, DATA(DESTINATION_PORT_NAME));
	if (slice_eq(DATA(SOURCE_IS_IPV6), SLICE_LIT("true")))
		put(record, context, FIELD_NETWORK_TYPE, SLICE_LIT("ipv6"));
	else if (!slice_absent(DATA(SOURCE_IS_IPV6)))
		put(record, context, FIELD_NETWORK_TYPE, SLICE_LIT("ipv4"));
	if (slice_eq(DATA(INITIATED), SLICE_LIT("true")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("egress"));
	else if (slice_eq(DATA(INITIATED), SLICE_LIT("false")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("ingress"));
}

static void put_two(struct winlog *winlog)
{
	struct slice guid = DATA(SOURCE_PROCESS_GUID);

	winlog_put_some(winlog, FIELD_PROCESS_ENTITY_ID, guid);
	winlog_put_id(winlog, FIELD_PROCESS_PID, DATA(SOURCE_PROCESS_ID));
	winlog_put_id(winlog, FIELD_PROCESS_THREAD_ID, DATA(SOURCE_THREAD_ID));
	winlog_put_executable(
		winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, DATA(SOURCE_IMAGE));
	winlog_put_account(winlog, DATA(SOURCE_USER));
}

/* The number between "0x" and `end`; `rest` goes behind it. */
static uint64_t take_hex(struct slice *rest, char end)
{
	uint64_t number;
	struct slice digits;

	if (!skip_lit(rest, "0x") || !take_until(rest, end, &digits) ||
		!winlog_read_hex(digits, &number))
		return 0;
	return number;
}

/* "DWORD (0x00000001)", "QWORD (0x00000000-0x00000001)", "Binary Data"; anything else is text.
 */
static void put_registry_data(struct winlog *winlog, struct slice details)
{
	struct slice type = {SLICE_BYTES("REG_DWORD")};
	uint64_t number = 0;

	if (slice_eq(details, SLICE_LIT("Binary Data"))) {
		put(winlog->record, winlog->context, FIELD_REGISTRY_DATA_TYPE,
			SLICE_LIT("REG_BINARY"));
		return;
	}
	if (skip_lit(&details, "QWORD (")) {
		type = SLICE_LIT("REG_QWORD");
		number = take_hex(&details, '-') << 32;
	} else if (!skip_lit(&details, "DWORD (")) {
		winlog_put_some(winlog, FIELD_REGISTRY_DATA_STRINGS, details);
		return;
	}
	number |= take_hex(&details, ')');
	put(winlog->record, winlog->context, FIELD_REGISTRY_DATA_TYPE, type);
	put_number(winlog->record, winlog->context, FIELD_REGISTRY_DATA_STRINGS, number);
}

static void put_registry(struct winlog *winlog)
{
	winlog_put_registry(winlog, DATA(TARGET_OBJECT));
	if (slice_eq(winlog->event_id, SLICE_LIT("13")))
		put_registry_data(winlog, DATA(DETAILS));
}

/* "type:  5 cname.example;::ffff:192.0.2.1;": aliases and addresses. */
static void put_answers(struct winlog *winlog, struct slice results)
{
	struct slice answer, digits;

	while (slice_cut(&results, ';', &answer)) {
		answer = slice_trim(answer);
		if (skip_lit(&answer, "type:")) {
			skip_blanks(&answer);
			(void)take_digits(&answer, &digits);
			winlog_put_some(winlog, FIELD_DNS_ANSWERS_DATA, slice_trim(answer));
		} else if (answer.len > 1) {
			put_address(winlog->record, winlog->context, FIELD_DNS_RESOLVED_IP,
				FIELD_DNS_ANSWERS_DATA, answer);
		}
	}
}

/* Error codes of Windows, DNS_ERROR_RCODE_*. */
static void put_dns_status(struct winlog *winlog, struct slice status)
{
	static const struct {
		struct slice status, code;
	} codes[] = {
		{{SLICE_BYTES("0")}, {SLICE_BYTES("NOERROR")}},
		{{SLICE_BYTES("9001")}, {SLICE_BYTES("FORMERR")}},
		{{SLICE_BYTES("9002")}, {SLICE_BYTES("SERVFAIL")}},
		{{SLICE_BYTES("9003")}, {SLICE_BYTES("NXDOMAIN")}},
		{{SLICE_BYTES("9004")}, {SLICE_BYTES("NOTIMP")}},
		{{SLICE_BYTES("9005")}, {SLICE_BYTES("REFUSED")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (slice_eq(codes[i].status, status))
			put(winlog->record, winlog->context, FIELD_DNS_RESPONSE_CODE,
				codes[i].code);
	}
}

static void put_dns(struct winlog *winlog)
{
	winlog_put_some(winlog, FIELD_DNS_QUESTION_NAME, DATA(QUERY_NAME));
	put(winlog->record, winlog->context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("dns"));
	put_answers(winlog, DATA(QUERY_RESULTS));
	put_dns_status(winlog, DATA(QUERY_STATUS));
}

static void put_shape(struct winlog *winlog, enum shape shape)
{
	switch (shape) {
	case SHAPE_NONE:
		break;
	case SHAPE_CREATED:
		put_created(winlog);
		break;
	case SHAPE_FILE:
		put_file(winlog);
		break;
	case SHAPE_NETWORK:
		put_network(winlog);
		break;
	case SHAPE_IMAGE:
		put_loaded(winlog);
		break;
	case SHAPE_TWO:
		put_two(winlog);
		break;
	case SHAPE_REGISTRY:
		put_registry(winlog);
		break;
	case SHAPE_PIPE:
		winlog_put_some(winlog, FIELD_FILE_NAME, DATA(PIPE_NAME));
		break;
	case SHAPE_DNS:
		put_dns(winlog);
		break;
	}
}

/* When it happened, not when it was written. */
static void put_time(struct winlog *winlog)
{
	struct parse_context utc = {.zone_seconds = 0};
	struct slice time = DATA(UTC_TIME);
	int64_t ns;

	if (!slice_absent(time) && take_stamp_iso(&time, &utc, &ns))
		winlog->record->created_ns = ns;
}

void winlog_put_sysmon(struct winlog *winlog, unsigned event_id)
{
	const struct winlog_event *event = winlog_find(events, ARRAY_LEN(events), event_id);

	put_time(winlog);
	put_process(winlog);
	winlog_put_some(winlog, FIELD_RULE_NAME, DATA(RULE_NAME));
	if (event == NULL)
		return;
	put_shape(winlog, (enum shape)event->shape);
	put_meaning(winlog->record, winlog->context, &event->meaning);
}
