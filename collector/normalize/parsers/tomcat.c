/*
 * tomcat - catalina.out, catalina.*.log, localhost.*.log, manager.*.log of Apache Tomcat
 *
 *	07-Mar-2026 10:00:00.123 INFO [main] org.apache.catalina.startup.Catalina.start text
 *	Mar 07, 2026 10:00:00 AM org.apache.catalina.startup.Catalina start
 *	INFO: text                                           java.util.logging.SimpleFormatter
 *
 * The access log has Apache's formats and is read as those.
 */
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};
static const struct meaning bad_request = MEANS("web_request_malformed", .category = {ECS_WEB},
	.type = {ECS_ERROR}, .outcome = {ECS_FAILURE});
static const struct meaning locked = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning deployed = MEANS("web_application_deployed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_CREATION});
static const struct meaning undeployed = MEANS("web_application_removed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_DELETION});
static const struct meaning managed = MEANS("web_manager_used", .category = {ECS_CONFIGURATION},
	.category2 = {ECS_WEB}, .type = {ECS_ACCESS});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});

static const struct phrase sentences[] = {
	{"An attempt was made to authenticate the locked user [{user.name*}]", &locked},
	{"An attempt was made to authenticate the locked user \"{user.name*}\"", &locked},
	{"Error parsing HTTP request header{}", &bad_request},
	{"The host [{url.domain*}] is not valid{}", &bad_request},
	{"Deployment of web application archive [{file.path}] has finished{}", &deployed},
	{"Deployment of web application directory [{file.path}] has finished{}", &deployed},
	{"Deployment of deployment descriptor [{file.path}] has finished{}", &deployed},
	{"Deploying web application archive [{file.path}]", &deployed},
	{"Deploying web application directory [{file.path}]", &deployed},
	{"Undeploying context [{url.path}]", &undeployed},
	{"Manager: deploy: {}", &managed},
	{"Manager: undeploy: {}", &managed},
	{"HTMLManager: {}", &managed},
	{"Manager: {}", &managed},
	{"Server startup in {}", &started},
	{"Stopping service [{service.name}]", &stopped},
	{"Servlet.service() for servlet [{.servlet}] in context with path [{url.path}] threw "
	 "exception{}",
		&error},
};
static struct phrases phrases = PHRASES(sentences);

static const char *const levels[] = {
	"SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST", NULL};

static bool take_level(struct slice *rest, struct slice *level)
{
	for (const char *const *name = levels; *name != NULL; name++) {
		struct slice at = *rest;

		*level = slice_str(*name);
		if (skip_text(&at, *level) && skip_byte(&at, ' ')) {
			*rest = at;
			return true;
		}
	}
	return false;
}

/* "org.apache.catalina.startup.Catalina.start" */
static bool is_class(struct slice word)
{
	return word.len > 2 && slice_find(word, '.') < word.len &&
	       word.ptr[word.len - 1] != ':';
}

static bool is_error(struct slice level)
{
	return slice_eq(level, SLICE_LIT("SEVERE")) || slice_eq(level, SLICE_LIT("WARNING"));
}

struct entry {
	struct slice level, class, text;
	struct slice thread; /* absent where the format has none */
	int64_t ns;
};

static enum parse_result put_entry(
	struct record *record, struct parse_context *context, const struct entry *entry)
{
	struct slice line = slice_head(entry->text, slice_find(entry->text, '\n'));

	record->created_ns = entry->ns;
	enum parse_result result = PARSED;
	if (!phrases_read(&phrases, record, context, line) &&
		!sign_in_take(record, context, line)) {
		put_meaning(record, context, is_error(entry->level) ? &error : &noted);
		result = PARSED_PARTLY;
	}
	put_some(record, context, FIELD_LOG_LEVEL, entry->level);
	put(record, context, FIELD_LOG_LOGGER, entry->class);
	if (!slice_absent(entry->thread))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("thread"), entry->thread);
	put_over(record, context, FIELD_MESSAGE, entry->text);
	context->message = SLICE_NONE;
	return result;
}

/* "Mar 7, 2026 10:00:00 AM org.apache.catalina.core.StandardService startInternal", and in the
 * next line "INFO: text", if both came together. */
static bool read_two_lines(
	struct slice rest, const struct parse_context *context, struct entry *entry)
{
	struct slice first, second, stamp = rest;

	if (rest.ptr[3] != ' ' || (rest.ptr[5] != ',' && rest.ptr[6] != ',') ||
		!take_stamp_any(&rest, context, &entry->ns))
		return false;
	stamp = slice_head(stamp, stamp.len - rest.len);
	if ((!slice_ends(stamp, SLICE_LIT(" AM")) && !slice_ends(stamp, SLICE_LIT(" PM"))) ||
		!skip_byte(&rest, ' '))
		return false;
	second = slice_from(rest, slice_find(rest, '\n'));
	first = slice_trim(slice_head(rest, rest.len - second.len));
	entry->class = take_word(&first);
	entry->text = slice_trim(first);
	if (!is_class(entry->class) || entry->text.len == 0 ||
		slice_find(entry->text, ' ') < entry->text.len)
		return false;
	if (skip_byte(&second, '\n') && take_until(&second, ':', &entry->level))
		entry->text = slice_trim(second);
	return true;
}

static bool read_one_line(
	struct slice rest, const struct parse_context *context, struct entry *entry)
{
	if (rest.ptr[2] != '-' || rest.ptr[20] != '.' ||
		!take_stamp_any(&rest, context, &entry->ns) || !skip_byte(&rest, ' ') ||
		!take_level(&rest, &entry->level) || !skip_byte(&rest, '['))
		return false;
	/* A thread's name may hold brackets: the class behind it does not begin with one. */
	size_t end = slice_search(rest, SLICE_LIT("] "));
	if (end == rest.len)
		return false;
	entry->thread = slice_head(rest, end);
	rest = slice_from(rest, end + 2);
	entry->class = take_word(&rest);
	skip_blanks(&rest);
	entry->text = rest;
	return is_class(entry->class);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct entry entry = {.thread = SLICE_NONE, .level = SLICE_NONE};
	struct slice text = context->message;

	if (text.len < 26 || (is_digit(text.ptr[0]) ? !read_one_line(text, context, &entry)
						    : !read_two_lines(text, context, &entry)))
		return PARSED_NOT_MINE;
	return put_entry(record, context, &entry);
}

/* "INFO: text" behind the line with the stamp */
static bool goes_on(struct slice text, struct slice line, bool known)
{
	if (known || text.len == 0 || is_digit(text.ptr[0]) ||
		slice_find(text, '\n') < text.len)
		return false;
	for (const char *const *name = levels; *name != NULL; name++) {
		struct slice at = line;

		if (skip_text(&at, slice_str(*name)) && skip_lit(&at, ": "))
			return true;
	}
	return false;
}

static const char *const programs[] = {"tomcat", "tomcat8", "tomcat9", "tomcat10", NULL};

const struct parser parser_tomcat = {
	.number = 104,
	.roles = PARSER_ENVELOPE,
	.name = "tomcat",
	.module = "tomcat",
	.summary = "Apache Tomcat: catalina, localhost and manager logs",
	.source = "Apache Tomcat 8.5 to 11, org.apache.juli.OneLineFormatter, LocalStrings of "
		  "catalina and coyote",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "JFMASOND",
	.digits = DIGITS(DAY),
	.parse = parse,
	.goes_on = goes_on,
};
