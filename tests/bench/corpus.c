#include "tests/bench/corpus.h"

#include "common/clock.h"

enum { AGO_S = 600, SPAN_S = 600, HOSTS = 200, ADDRESSES = 5000 };

/*
 * In texts: %a address, %u user, %p port, %n number to 60,000, %x 16 hexadecimal digits,
 * %d web server's time, %r path, %g user agent, %s status of HTTP.
 */
struct shape {
	unsigned priority;
	const char *program, *process, *text;
};

static const struct shape sshd[] = {
	{86, "sshd", "%n", "Failed password for invalid user %u from %a port %p ssh2"},
	{86, "sshd", "%n", "Failed password for %u from %a port %p ssh2"},
	{86, "sshd", "%n", "Failed password for root from %a port %p ssh2"},
	{86, "sshd", "%n", "Failed password for invalid user %u from %a port %p ssh2"},
	{86, "sshd", "%n", "Failed password for root from %a port %p ssh2"},
	{86, "sshd", "%n", "Invalid user %u from %a port %p"},
	{86, "sshd", "%n", "Connection closed by authenticating user %u %a port %p [preauth]"},
	{86, "sshd", "%n", "Received disconnect from %a port %p:11: Bye Bye [preauth]"},
	{86, "sshd", "%n",
		"Accepted publickey for %u from %a port %p ssh2: ED25519 SHA256:%x%x"},
	{85, "sshd", "%n",
		"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh "
		"ruser= rhost=%a  user=%u"},
};

static const struct shape failed[] = {
	{86, "sshd", "%n", "Failed password for invalid user %u from %a port %p ssh2"},
};

static const struct shape mixed[] = {
	{134, "nginx", "%n",
		"%a - - [%d] \"GET %r HTTP/1.1\" %s %n "
		"\"https://dichvucong.example.vn/trang-chu\" \"%g\""},
	{134, "nginx", "%n",
		"%a - - [%d] \"POST %r HTTP/1.1\" %s %n "
		"\"https://dichvucong.example.vn/ho-so\" \"%g\""},
	{134, "apache2", "%n",
		"%a - %u [%d] \"GET %r HTTP/1.1\" %s %n \"https://motcua.example.vn/tra-cuu\" "
		"\"%g\""},
	{14, "hoso", "%n",
		"{\"level\":\"info\",\"time\":\"2026-11-01T08:00:00Z\","
		"\"msg\":\"da tiep nhan ho so\",\"ma\":\"000.00.12.H47-%n\",\"user\":\"%u\","
		"\"ip\":\"%a\",\"duration_ms\":%p,\"trace\":\"%x%x\",\"span\":\"%x\","
		"\"status\":\"cho_xu_ly\",\"don_vi\":\"bo-phan-mot-cua\","
		"\"thu_tuc\":\"dang-ky-khai-sinh\",\"buoc\":\"tiep-nhan\"}"},
	{4, "kernel", "-",
		"[50028442.088484] [UFW BLOCK] IN=eth0 OUT= "
		"MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=%a DST=192.0.2.7 LEN=60 "
		"TOS=0x00 PREC=0x00 TTL=51 ID=%n DF PROTO=TCP SPT=%p DPT=8123 WINDOW=64240 "
		"RES=0x00 SYN URGP=0"},
	{85, "sudo", "%n",
		"      %u : TTY=pts/0 ; PWD=/home/%u ; USER=root ; COMMAND=/usr/bin/rsync -a "
		"--delete /srv/www/dichvucong/ backup.tinh.example.vn:/srv/backup/www/%n/ "
		"--exclude=cache --exclude=tmp --log-file=/var/log/rsync-%n.log"},
	{86, "sshd", "%n", "Failed password for invalid user %u from %a port %p ssh2"},
	{30, "systemd", "1",
		"Finished dong-bo-du-lieu-quoc-gia-ve-dan-cu.service - Dong bo so lieu "
		"ho so voi truc lien thong cua tinh, dot %n."},
	{134, "nginx", "%n",
		"%a - - [%d] \"GET %r HTTP/2.0\" %s %n "
		"\"https://dichvucong.example.vn/tin-tuc?trang=%n&phien=%x\" \"%g\""},
	{134, "nginx", "%n",
		"%a - - [%d] \"GET %r HTTP/1.1\" %s %n "
		"\"https://www.example.vn/cong-bao/van-ban/%x\" \"%g\""},
};

static const struct shape noise[] = {
	{14, "-", "-", "%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x"},
};

static const struct kind {
	const char *name;
	const struct shape *shapes;
	size_t n_shapes;
	bool data; /* every second line has structured data */
	unsigned addresses;
} kinds[CORPUS_KINDS] = {
	[CORPUS_150] = {"150", sshd, ARRAY_LEN(sshd), false, ADDRESSES},
	[CORPUS_350] = {"350", mixed, ARRAY_LEN(mixed), true, ADDRESSES},
	[CORPUS_FAILED] = {"failed", failed, ARRAY_LEN(failed), false, 1 << 20},
	[CORPUS_NOISE] = {"noise", noise, ARRAY_LEN(noise), false, ADDRESSES},
};

struct source { /* of one line's variety */
	const struct kind *kind;
	uint64_t random;
	int64_t stamp_ns;
};

static uint64_t next_random(struct source *source)
{
	uint64_t x = source->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static unsigned pick(struct source *source, size_t n)
{
	return (unsigned)(next_random(source) % n);
}

/* Addresses are few or many, but the same ones again and again. */
static void add_address(struct strbuf *line, struct source *source)
{
	uint32_t bits = pick(source, source->kind->addresses) * 2654435761u;

	strbuf_addf(line, "%u.%u.%u.%u", 1 + (bits >> 24) % 220, bits >> 16 & 255,
		bits >> 8 & 255, 1 + bits % 254);
}

static void add_user(struct strbuf *line, struct source *source)
{
	static const char *const users[] = {"root", "admin", "nguyenvana", "backup", "oracle",
		"deploy", "test", "tranthib", "postgres", "vanthu"};

	strbuf_add_str(line, users[pick(source, ARRAY_LEN(users))]);
}

static void add_path(struct strbuf *line, struct source *source)
{
	static const char *const paths[] = {"/",
		"/tin-tuc/chuyen-doi-so/thong-bao-lich-tiep-cong-dan-",
		"/api/v1/ho-so/danh-sach?trang-thai=cho-xu-ly&sap-xep=ngay-nop&ma=",
		"/static/anh/banner-",
		"/tra-cuu/ho-so?loai=dat-dai&huyen=phu-vang&trang=1&so-giay-to=",
		"/wp-login.php?x="};
	unsigned at = pick(source, ARRAY_LEN(paths));

	strbuf_add_str(line, paths[at]);
	if (at > 0)
		strbuf_add_u64(line, pick(source, 100000));
}

static void add_user_agent(struct strbuf *line, struct source *source)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
		"Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
		"Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like "
		"Gecko) Version/4.0 Chrome/126.0.6478.71 Mobile Safari/537.36 Zalo/24.06",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
		"(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
	};

	strbuf_add_str(line, agents[pick(source, ARRAY_LEN(agents))]);
}

static void add_status(struct strbuf *line, struct source *source)
{
	static const unsigned statuses[] = {200, 200, 200, 200, 304, 404, 403, 500};

	strbuf_add_u64(line, statuses[pick(source, ARRAY_LEN(statuses))]);
}

static void add_web_time(struct strbuf *line, const struct source *source)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil at;

	clock_to_civil(source->stamp_ns, 0, &at);
	strbuf_addf(line, "%02u/%s/%d:%02u:%02u:%02u +0000", at.day, months[at.month - 1],
		at.year, at.hour, at.minute, at.second);
}

static void add_part(struct strbuf *line, struct source *source, char letter)
{
	switch (letter) {
	case 'a':
		add_address(line, source);
		break;
	case 'd':
		add_web_time(line, source);
		break;
	case 'g':
		add_user_agent(line, source);
		break;
	case 'n':
		strbuf_add_u64(line, 1 + pick(source, 60000));
		break;
	case 'p':
		strbuf_add_u64(line, 1024 + pick(source, 60000));
		break;
	case 'r':
		add_path(line, source);
		break;
	case 's':
		add_status(line, source);
		break;
	case 'u':
		add_user(line, source);
		break;
	case 'x':
		strbuf_addf(line, "%016llx", (unsigned long long)next_random(source));
		break;
	}
}

static void add_text(struct strbuf *line, struct source *source, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			add_part(line, source, *++text);
		else
			strbuf_add_byte(line, *text);
	}
}

static void add_header(struct strbuf *line, struct source *source, const struct shape *shape)
{
	char stamp[CLOCK_TEXT_MAX];

	strbuf_addf(line, "<%u>1 %s web%03u.dc1.tinh.example.vn %s ", shape->priority,
		clock_format_utc(source->stamp_ns, 6, stamp), pick(source, HOSTS),
		shape->program);
	add_text(line, source, shape->process);
	strbuf_add_str(line, " - ");
}

bool corpus_named(const char *name, enum corpus *corpus)
{
	for (unsigned i = 0; i < CORPUS_KINDS; i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			*corpus = (enum corpus)i;
			return true;
		}
	}
	return false;
}

void corpus_line(struct strbuf *line, enum corpus corpus, uint64_t number, int64_t now_ns)
{
	const struct kind *kind = &kinds[corpus];
	uint64_t at = number % CORPUS_LINES;
	struct source source = {.kind = kind,
		.random = at * UINT64_C(0x2545f4914f6cdd1d),
		.stamp_ns = now_ns - (AGO_S + SPAN_S) * CLOCK_NS_PER_S +
			    (int64_t)at * (SPAN_S * CLOCK_NS_PER_S / CORPUS_LINES)};
	const struct shape *shape = &kind->shapes[pick(&source, kind->n_shapes)];

	strbuf_reset(line);
	add_header(line, &source, shape);
	if (kind->data && at % 2 == 0)
		strbuf_addf(line,
			"[origin@32473 agent=\"a%u\" seq=\"%u\" path=\"/var/log/%s\"] ",
			pick(&source, HOSTS), (unsigned)at, shape->program);
	else
		strbuf_add_str(line, "- ");
	add_text(line, &source, shape->text);
}
