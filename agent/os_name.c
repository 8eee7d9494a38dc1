#include "agent/os_name.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "common/file.h"

enum { RELEASE_FILE_MAX = 16384 };

static struct slice unquote(struct slice text)
{
	bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';

	return quoted ? slice_of(text.ptr + 1, text.len - 2) : text;
}

static bool find_pretty_name(struct slice text, char *out)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		struct slice key = SLICE_LIT("PRETTY_NAME=");

		if (!slice_starts(line, key))
			continue;
		struct slice name = unquote(slice_from(line, key.len));
		snprintf(out, OS_NAME_MAX, "%.*s", SLICE_FMT(name));
		return true;
	}
	return false;
}

const char *os_name(char *out)
{
	struct strbuf text = STRBUF_INIT(RELEASE_FILE_MAX);
	struct utsname kernel = {0};

	if (!(file_read("/etc/os-release", &text, NULL) ||
		    file_read("/usr/lib/os-release", &text, NULL)) ||
		!find_pretty_name(strbuf_slice(&text), out)) {
		(void)uname(&kernel);
		snprintf(out, OS_NAME_MAX, "%.60s %.60s", kernel.sysname, kernel.release);
	}
	strbuf_done(&text);
	return out;
}
