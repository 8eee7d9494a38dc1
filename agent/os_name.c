#include "agent/os_name.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "common/file.h"

enum { RELEASE_FILE_MAX = 16384 };

static struct slice unquote(struct slice text)
{
	char quote = text.len >= 2 ? text.ptr[0] : 0;

	if ((quote == '"' || quote == '\'') && text.ptr[text.len - 1] == quote)
		return slice_of(text.ptr + 1, text.len - 2);
	return text;
}

struct slice os_release_value(struct slice text, const char *key)
{
	struct slice line, name, value;

	while (slice_cut(&text, '\n', &line)) {
		value = line;
		if (slice_cut(&value, '=', &name) && slice_eq(name, slice_str(key)))
			return slice_absent(value) ? SLICE_NONE : unquote(slice_trim(value));
	}
	return SLICE_NONE;
}

static struct slice pretty_name(struct strbuf *text)
{
	if (!file_read("/etc/os-release", text, NULL) &&
		!file_read("/usr/lib/os-release", text, NULL))
		return SLICE_NONE;
	return os_release_value(strbuf_slice(text), "PRETTY_NAME");
}

const char *os_name(char *out)
{
	struct strbuf text = STRBUF_INIT(RELEASE_FILE_MAX);
	struct utsname kernel = {0};

	struct slice name = pretty_name(&text);
	if (name.len > 0) {
		snprintf(out, OS_NAME_MAX, "%.*s", SLICE_FMT(name));
	} else {
		(void)uname(&kernel);
		snprintf(out, OS_NAME_MAX, "%.60s %.60s", kernel.sysname, kernel.release);
	}
	strbuf_done(&text);
	return out;
}
