/*
 * tomcat - catalina.out, catalina.*.log, localhost.*.log, manager.*.log of Apache Tomcat
 *
 *	07-Mar-2026 10:00:00.123 INFO [main] org.apache.catalina.startup.Catalina.start text
 *
 * The access log has Apache's formats and is read as those.
 */
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

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, thread, class;
	int64_t ns;

	if (rest.len < 26 || rest.ptr[2] != '-' || rest.ptr[20] != '.' ||
		!take_stamp_any(&rest, context, &ns) || !skip_byte(&rest, ' ') ||
		!take_level(&rest, &level) || !skip_byte(&rest, '['))
		return PARSED_NOT_MINE;
	/* A thread's name may hold brackets: the class behind it does not begin with one. */
	size_t end = slice_search(rest, SLICE_LIT("] "));
	if (end == rest.len)
		return PARSED_NOT_MINE;
	thread = slice_head(rest, end);
	rest = slice_from(rest, end + 2);
	class = take_word(&rest);
	if (!is_class(class))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	skip_blanks(&rest);
	struct slice line = slice_head(rest, slice_find(rest, '\n'));
	enum parse_result result =
		phrases_put(&phrases, record, context, line, is_error(level) ? &error : &noted);
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, class);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("thread"), thread);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return result;
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
	.first_bytes = FIRST_BYTES_DIGITS,
	.parse = parse,
};
