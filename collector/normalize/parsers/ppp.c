/*
 * ppp - pppd, and the tunnels it serves: xl2tpd, pptpd, accel-ppp
 */
#include "collector/normalize/families/vpn.h"
#include "collector/normalize/text/phrases.h"

static const struct phrase sentences[] = {
	/* pppd */
	{"{.method+} peer authentication succeeded for {user.name}", &vpn_let_in},
	{"{.method+} peer authentication failed for {user.name}", &vpn_refused},
	{"Peer {user.name*} failed {.method+} authentication", &vpn_refused},
	{"PAP authentication failure for {user.name}", &vpn_refused},
	{"No CHAP secret found for authenticating {user.name}", &vpn_refused},
	{"No PAP secret found for {user.name}", &vpn_refused},
	{"{.method+} authentication failed: {event.reason}", &vpn_refused},
	{"{.method+} authentication failed", &vpn_refused},
	{"peer refused to authenticate: terminating link", &vpn_refused},
	{"user {user.name*} logged in on tty {} intf {.interface}", &vpn_connected},
	{"user {user.name*} logged out on tty {} intf {.interface}", &vpn_disconnected},
	{"rad_recv: Access-Reject {}", &vpn_refused},
	{"peer from calling number {source} authorized", &vpn_noted},
	{"remote IP address {client.ip}", &vpn_address},
	{"local  IP address {destination.ip}", &vpn_noted},
	{"Connect: {.interface} <--> {}", &vpn_attempt},
	{"Using interface {.interface}", &vpn_noted},
	{"Connect time {} minutes.", &vpn_noted},
	{"Sent {destination.bytes} bytes, received {source.bytes} bytes.", &vpn_noted},
	{"LCP terminated by peer{}", &vpn_disconnected},
	{"LCP: timeout sending Config-Requests", &vpn_failed},
	{"Modem hangup", &vpn_disconnected},
	{"Connection terminated.", &vpn_disconnected},
	{"Terminating on signal {}", &vpn_disconnected},
	{"pppd {service.version+} started by {}", &vpn_noted},
	/* xl2tpd */
	{"Connection established to {source.ip}, {source.port}.  Local: {}", &vpn_attempt},
	{"Call established with {source.ip}, Local: {}", &vpn_noted},
	{"control_finish: Connection closed to {source.ip}, port {source.port} ({}), Local: {}",
		&vpn_disconnected},
	{"Connection {} closed to {source.ip}, port {source.port} ({})", &vpn_disconnected},
	{"Maximum retries exceeded for tunnel {}.  Closing.", &vpn_failed},
	/* pptpd */
	{"CTRL: Client {source.ip} control connection started", &vpn_attempt},
	{"CTRL: Client {source.ip} control connection finished", &vpn_disconnected},
	/* accel-ppp */
	{"{.interface}:{user.name}: authentication succeeded", &vpn_let_in},
	{"{.interface}:{user.name}: authentication failed", &vpn_refused},
	{"{.interface}:{user.name}: disconnected", &vpn_disconnected},
};
static struct phrases phrases = PHRASES(sentences);

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (phrases_read(&phrases, record, context, context->message) == NULL)
		return PARSED_NOT_MINE;
	return PARSED;
}

static const char *const programs[] = {
	"pppd", "xl2tpd", "pptpd", "accel-ppp", "accel-pppd", NULL};

const struct parser parser_ppp = {
	.number = 119,
	.name = "ppp",
	.module = "ppp",
	.summary = "pppd, xl2tpd, pptpd, accel-ppp: log-ins and sessions",
	.source = "ppp 2.4 and 2.5, pppd/auth.c, chap.c, upap.c; xl2tpd 1.3, control.c; pptpd "
		  "1.4",
	.programs = programs,
	.parse = parse,
};
