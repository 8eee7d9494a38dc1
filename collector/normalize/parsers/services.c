/*
 * services - what the services of a data centre say of those who sign in
 *
 *	krb5kdc[812](info): AS_REQ (2 etypes {18 17}) 192.0.2.7: CLIENT_NOT_FOUND: an@TINH.VN
 *		for krbtgt/TINH.VN@TINH.VN, Client not found in Kerberos database
 *	webmin[812]: Invalid login as an from 192.0.2.7
 *	dropbear[812]: Bad password attempt for 'an' from 192.0.2.7:51234
 *	drupal: https://tinh.vn|1772852400|user|192.0.2.7|https://tinh.vn/user/login||0||text
 *
 * Each program has its sentences; one that says something else is left to the parsers that read
 * any program's message. Names that a stranger may choose go up to the last place where the
 * sentence goes on, so that none can say more than itself.
 */
#include "collector/normalize/parsers/services.h"
#include "collector/normalize/families/vpn.h"
#include "collector/normalize/text/phrases.h"

/* ---- what is said, whoever says it ------------------------------------------------------- */

#define LOGIN(what, how)                                                                       \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_AUTHENTICATION},               \
		.type = {ECS_START}, .outcome = {                                              \
			how                                                                    \
		}                                                                              \
	}

static const struct meaning let_in = LOGIN("application_login", ECS_SUCCESS);
static const struct meaning refused = LOGIN("application_login", ECS_FAILURE);
static const struct meaning ssh_let_in = LOGIN("ssh_login", ECS_SUCCESS);
static const struct meaning ssh_refused = LOGIN("ssh_login", ECS_FAILURE);
static const struct meaning desktop_let_in = LOGIN("remote_desktop_login", ECS_SUCCESS);
static const struct meaning desktop_refused = LOGIN("remote_desktop_login", ECS_FAILURE);
static const struct meaning ticket_granted = LOGIN("kerberos_login", ECS_SUCCESS);
static const struct meaning ticket_refused = LOGIN("kerberos_login", ECS_FAILURE);
static const struct meaning locked = MEANS("application_account_locked",
	.category = {ECS_AUTHENTICATION}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE});
static const struct meaning asked = MEANS("kerberos_preauthentication_required",
	.category = {ECS_AUTHENTICATION}, .type = {ECS_INFO});
static const struct meaning logged_out =
	MEANS("application_logout", .category = {ECS_AUTHENTICATION}, .type = {ECS_END});
static const struct meaning session_begun =
	MEANS("session_started", .category = {ECS_SESSION}, .type = {ECS_START});
static const struct meaning session_ended =
	MEANS("session_ended", .category = {ECS_SESSION}, .type = {ECS_END});
static const struct meaning connected = MEANS("connection", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning disconnected = MEANS("connection_ended", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning turned_away = MEANS("connection_refused", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_DENIED}, .outcome = {ECS_FAILURE});
static const struct meaning blocked =
	MEANS("address_banned", .category = {ECS_INTRUSION_DETECTION},
		.category2 = {ECS_NETWORK}, .type = {ECS_DENIED});
static const struct meaning failed = MEANS("service_failed", .category = {ECS_PROCESS},
	.type = {ECS_INFO}, .outcome = {ECS_FAILURE});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});
static const struct meaning job_begun =
	MEANS("scheduled_job", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning ran = MEANS("doas_command", .category = {ECS_PROCESS},
	.type = {ECS_START}, .outcome = {ECS_SUCCESS});
static const struct meaning ran_not = MEANS("doas_command", .category = {ECS_PROCESS},
	.type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning doas_refused = MEANS("doas_command",
	.category = {ECS_AUTHENTICATION}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE});
static const struct meaning account_made = MEANS(
	"account_created", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CREATION});
static const struct meaning account_removed = MEANS(
	"account_deleted", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_DELETION});
static const struct meaning account_changed = MEANS(
	"account_changed", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning password_changed = MEANS(
	"password_changed", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning account_read =
	MEANS("account_read", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_INFO});
static const struct meaning changed_files = MEANS("file_integrity_changed",
	.category = {ECS_FILE}, .category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_CHANGE});
static const struct meaning suspected = MEANS("rootkit_suspected", .category = {ECS_MALWARE},
	.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO});
static const struct meaning checked =
	MEANS("integrity_checked", .category = {ECS_HOST}, .type = {ECS_INFO});
static const struct meaning container_begun =
	MEANS("container_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning container_ended =
	MEANS("container_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});
static const struct meaning visited =
	MEANS("web_page_served", .category = {ECS_WEB}, .type = {ECS_ACCESS});
static const struct meaning forbidden = MEANS("web_page_refused", .category = {ECS_WEB},
	.type = {ECS_ACCESS}, .outcome = {ECS_FAILURE});
static const struct meaning monitored =
	MEANS("monitoring_alert", .category = {ECS_HOST}, .type = {ECS_INFO});
static const struct meaning commanded =
	MEANS("external_command", .category = {ECS_CONFIGURATION}, .type = {ECS_CHANGE});
static const struct meaning rule_matched = MEANS(
	"runtime_rule_matched", .category = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO});
static const struct meaning alerted =
	MEANS("host_alert", .category = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO});
static const struct meaning printed =
	MEANS("document_printed", .category = {ECS_FILE}, .type = {ECS_ACCESS});
static const struct meaning web_noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning web_error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};

/* ---- programs ---------------------------------------------------------------------------- */

/* MIT Kerberos 1.8 to 1.21: kdc/kdc_log.c, kdc/kdc_preauth.c */
#define REQUEST(kind) kind "_REQ ({}) {source+}: "
#define ASKED         "{user.name*} for {.service*}, {event.reason*}"
static const struct phrase of_kdc[] = {
	{REQUEST("AS") "ISSUE: {}}, {user.name*} for {.service*}", &ticket_granted},
	{REQUEST("AS") "NEEDED_PREAUTH: " ASKED, &asked},
	{REQUEST("AS") "LOCKED_OUT: " ASKED, &locked},
	{REQUEST("AS") "{event.code+}: " ASKED, &ticket_refused},
	{REQUEST("TGS") "ISSUE: {}}, {user.name*} for {.service*}", &ticket_granted},
	{REQUEST("TGS") "{event.code+}: authtime {}, {user.name*} for {.service*}, "
			"{event.reason*}",
		&ticket_refused},
	{"preauth ({.method+}) verify failure: {event.reason*}", &ticket_refused},
	{"commencing operation", &started},
	{"shutting down", &stopped},
};

/* kadmin/server/server_stubs.c */
#define CHANGE(call)                                                                           \
	"Request: " call ", {user.target.name*}, success, client={user.name*}, "               \
	"service={.service*}, addr={source+}"
static const struct phrase of_kadmind[] = {
	{CHANGE("kadm5_create_principal"), &account_made},
	{CHANGE("kadm5_delete_principal"), &account_removed},
	{CHANGE("kadm5_chpass_principal"), &password_changed},
	{CHANGE("kadm5_randkey_principal"), &password_changed},
	{CHANGE("kadm5_modify_principal"), &account_changed},
	{CHANGE("kadm5_rename_principal"), &account_changed},
	{CHANGE("{.call+}"), &account_read},
	{"Request: {.call+}, {user.target.name*}, {event.reason*}, client={user.name*}, "
	 "service={.service*}, addr={source+}",
		&ticket_refused},
	{"Unauthorized request: {.call+}, {user.target.name*}, client={user.name*}, "
	 "service={.service*}, addr={source+}",
		&ticket_refused},
	{"chpw request from {source+} for {user.name*}: success", &password_changed},
	{"chpw request from {source+} for {user.name*}: {event.reason*}", &ticket_refused},
	{"starting", &started},
	{"finished, exiting", &stopped},
};

/* The name of a principal that is asked for may go on as if it were granted. */
static const struct phrase of_askers[] = {
	{"Request: {.call+}, {*}, addr={source+}", NULL},
	{"Unauthorized request: {.call+}, {*}, addr={source+}", &ticket_refused},
};
static struct phrases askers = PHRASES(of_askers);

/* Shrubbery tac_plus F4: login.c, authen.c, do_author.c; tac_plus-ng */
static const struct phrase of_tacacs[] = {
	{"login query for '{user.name*}' port {.line+} from {source+} accepted", &let_in},
	{"login query for '{user.name*}' port {.line+} from {source+} rejected", &refused},
	{"login query for '{user.name*}' {.line+} from {source+} accepted", &let_in},
	{"login query for '{user.name*}' {.line+} from {source+} rejected", &refused},
	{"enable query for '{user.name*}' {.line+} from {source+} accepted", &let_in},
	{"enable query for '{user.name*}' {.line+} from {source+} rejected", &refused},
	{"login failure: {user.name+} {+} ({source+}) {.line+}", &refused},
	{"login failure: {user.name*} ({source+}) {.line+}", &refused},
	{"{source+} {.line+}: {user.name*}: login failed{}", &refused},
	{"connect from {source+} [{}]", &connected},
};

/* Webmin and Usermin 1.9 to 2.1: miniserv.pl */
static const struct phrase of_webmin[] = {
	{"Successful login as {user.name*} from {source+}", &let_in},
	{"Invalid login as {user.name*} from {source+}", &refused},
	{"Non-existent login as {user.name*} from {source+}", &refused},
	{"Login as {user.name*} from {source+} with twofactor {}", &refused},
	{"Security alert: Host {source+} blocked after {.failures+} failed logins for user "
	 "{user.name*}",
		&blocked},
	{"Security alert: User {user.name*} blocked after {}", &locked},
	{"Timeout of session for {user.name*}", &logged_out},
	{"Logout by {user.name*} from {source+}", &logged_out},
	{"Webmin starting", &started},
	{"Usermin starting", &started},
};

/* LemonLDAP::NG 2.0: Portal, "Logs" of its documentation */
static const struct phrase of_lemonldap[] = {
	{"Session granted for {user.name*} by {.backend+} ({source+})", &let_in},
	{"User {user.name*} successfully authenticated at level {}", &let_in},
	{"User {user.name*} has been disconnected from {}", &logged_out},
	{"User {user.name*} has been disconnected", &logged_out},
	{"{user.name*} : Bad credentials from {source+}", &refused},
	{"Bad password for {user.name*}", &refused},
	{"User {user.name*} not found", &refused},
	{"user {user.name*} was not allowed to authenticate{}", &refused},
};

/* Dropbear 0.50 to 2024: svr-auth.c, svr-authpasswd.c, svr-main.c */
static const struct phrase of_dropbear[] = {
	{"Child connection from {source:}", &connected},
	{"Bad password attempt for '{user.name*}' from {source:}", &ssh_refused},
	{"Bad PAM password attempt for '{user.name*}' from {source:}", &ssh_refused},
	{"bad PAM password attempt for '{user.name*}' from {source:}", &ssh_refused},
	{"Login attempt for nonexistent user from {source:}", &ssh_refused},
	{"login attempt for nonexistent user from {source:}", &ssh_refused},
	{"Login attempt with wrong user {user.name*} from {source:}", &ssh_refused},
	{"Max auth tries reached - user '{user.name*}' from {source:}", &ssh_refused},
	{"User '{user.name*}' has invalid shell, rejected", &ssh_refused},
	{"Password auth succeeded for '{user.name*}' from {source:}", &ssh_let_in},
	{"PAM password auth succeeded for '{user.name*}' from {source:}", &ssh_let_in},
	{"Auth succeeded with blank password for '{user.name*}' from {source:}", &ssh_let_in},
	{"Pubkey auth succeeded for '{user.name*}' with {.method+} key {.key+} from {source:}",
		&ssh_let_in},
	{"Pubkey auth succeeded for '{user.name*}' with key {.key+} from {source:}",
		&ssh_let_in},
	{"Exit ({user.name*}) from <{source:}>: {event.reason}", &session_ended},
	{"Exit ({user.name*}): {event.reason}", &session_ended},
	{"Exit before auth from <{source:}>: {event.reason}", &disconnected},
	{"Exit before auth (user '{user.name*}', {} fails): {event.reason}", &ssh_refused},
	{"Exit before auth: {event.reason}", &disconnected},
	{"Running in background", &started},
	{"Not backgrounding", &started},
	{"Early exit: {event.reason}", &stopped},
};

/* OpenBSD doas(1), OpenDoas 6 */
static const struct phrase of_doas[] = {
	{"{user.name+} ran command {process.command_line*} as {user.effective.name+} from "
	 "{process.working_directory*}",
		&ran},
	{"failed command for {user.name+}: {process.command_line*}", &ran_not},
	{"command not permitted for {user.name+}: {process.command_line*}", &ran_not},
	{"failed auth for {user.name*}", &doas_refused},
	{"failed password for {user.name*}", &doas_refused},
};

/* ocserv 0.11 to 1.3: main.c, worker-auth.c, sec-mod-auth.c */
static const struct phrase of_ocserv[] = {
	{"main[{user.name*}]:{source:} new user session", &vpn_connected},
	{"main[{user.name*}]:{source:} user logged in", &vpn_let_in},
	{"main[{user.name*}]:{source:} user disconnected ({event.reason*})", &vpn_disconnected},
	{"main[{user.name*}]:{source:} {event.reason}", &vpn_noted},
	{"main:{source:} user disconnected ({event.reason*})", &vpn_disconnected},
	{"main: added {} points (total {}) for IP '{source+}' to ban list", &vpn_noted},
	{"main:{source:} added {} points (total {}) for IP '{}' to ban list", &vpn_noted},
	{"worker: {source:} failed authentication attempt for user '{user.name*}'",
		&vpn_refused},
	{"worker:  failed authentication attempt for user '{user.name*}'", &vpn_refused},
	{"worker[{user.name*}]: {source:} {event.reason}", &vpn_noted},
	{"worker: {source:} {event.reason}", &vpn_noted},
	{"sec-mod: failed authentication attempt for user '{user.name*}'{}", &vpn_refused},
	{"sec-mod: authentication failed for user '{user.name*}'{}", &vpn_refused},
	{"sec-mod: user '{user.name*}' failed authentication{}", &vpn_refused},
	{"sec-mod: initiating session for user '{user.name*}' (session: {})", &vpn_let_in},
	{"sec-mod: invalidating session of user '{user.name*}' (session: {})",
		&vpn_disconnected},
	{"sec-mod: temporarily closing session for {user.name*} (session: {})",
		&vpn_disconnected},
};

/* Cockpit 200 to 320: ws/cockpitauth.c, tls */
static const struct phrase of_cockpit[] = {
	{"New connection to session from {source+}", &session_begun},
	{"logged in user session", &let_in},
	{"logged in user: {user.name*}", &let_in},
	{"user: {user.name*} logged in{}", &let_in},
	{"user: {user.name*} logged out{}", &logged_out},
	{"Logged out of session {}", &logged_out},
};

/* at 3.1: atd.c */
static const struct phrase of_atd[] = {
	{"Starting job {.job+} ({file.name+}) for user '{user.name*}' ({user.id+})",
		&job_begun},
};

/* xrdp 0.9 and 0.10: sesman/scp_process.c, sesman.c */
static const struct phrase of_xrdp[] = {
	{"AUTHFAIL: user={user.name*} ip={source:} time={}", &desktop_refused},
	{"TERMINATED: session for user={user.name*} ip={source:} time={}", &session_ended},
	{"Socket {}: AF_INET{} connection received from {source.ip+} port {source.port}",
		&connected},
	{"Socket {}: connection accepted from AF_INET{}: {source.ip+} port {source.port}",
		&connected},
	{"++ created session (access granted): username {user.name*}, ip {source:} - socket: "
	 "{}",
		&desktop_let_in},
	{"++ created session (access granted): username {user.name*}, ip {source:}",
		&desktop_let_in},
	{"++ reconnected session: username {user.name*}, display {}, session_pid {}, ip "
	 "{source:}{}",
		&desktop_let_in},
	{"++ terminated session: username {user.name*}, display {}, session_pid {}, ip "
	 "{source:}{}",
		&session_ended},
	{"Access permitted for user: {user.name*}", &desktop_let_in},
	{"Access denied for user {user.name*}", &desktop_refused},
	{"Username or password error for user: {user.name*}", &desktop_refused},
	{"login failed for user {user.name*}", &desktop_refused},
	{"login successful for user {user.name*} on display {}", &desktop_let_in},
	{"login was successful - creating connection to {}", &desktop_let_in},
	{"starting xrdp{} with pid {process.pid}", &started},
	{"shutting down {}", &stopped},
};

/* TigerVNC, TightVNC, RealVNC: rfb/VNCServerST.cxx, network/TcpSocket.cxx; x11vnc */
static const struct phrase of_vnc[] = {
	{"Connections: accepted: {source.ip*}::{source.port}", &connected},
	{"Connections: accepted: {source+}", &connected},
	{"Connections: closed: {source.ip*}::{source.port+} ({event.reason*})", &disconnected},
	{"Connections: closed: {source+} ({event.reason*})", &disconnected},
	{"Connections: blacklisted: {source+}", &turned_away},
	{"Connections: blocked: {source+}", &turned_away},
	{"Connections: authenticated: {source.ip*}::{source.port}, as {user.name+}{}",
		&desktop_let_in},
	{"SConnection: AuthFailureException: {event.reason}", &desktop_refused},
	{"VNCServerST: closing {source.ip*}::{source.port+}: {event.reason*}", &disconnected},
	{"Got connection from client {source+}", &connected},
	{"Client {source+} gone", &disconnected},
	{"rfbAuthProcessClientMessage: password check failed", &desktop_refused},
	{"rfbAuthPasswordChecked: password check failed", &desktop_refused},
};

/* X2Go: x2goserver 4, x2gostartagent, x2gosuspend-session */
static const struct phrase of_x2go[] = {
	{"successfully started X2Go agent with ID {.session}", &session_begun},
	{"session with ID {.session+} has been suspended successfully", &session_ended},
	{"session with ID {.session+} has been resumed successfully", &session_begun},
	{"session {.session+} terminated{}", &session_ended},
};

/* Drupal 7 to 11: syslog module, "!base_url|!timestamp|!type|!ip|!request_uri|!referer|!uid|
 * !link|!message" */
#define WATCHDOG(type) "{}|{}|" type "|{source}|{url}|{http.request.referrer}|{user.id}|{}|"
static const struct phrase of_drupal[] = {
	{WATCHDOG("user") "Login attempt failed for {user.name*}.", &refused},
	{WATCHDOG("user") "Login attempt failed from {}.", &refused},
	{WATCHDOG("user") "Session opened for {user.name*}.", &let_in},
	{WATCHDOG("user") "Session closed for {user.name*}.", &logged_out},
	{WATCHDOG("user") "Flood control blocked login attempt for {}", &locked},
	{WATCHDOG("user") "New user: {user.target.name*}.", &account_made},
	{WATCHDOG("user") "New user: {user.target.name*} ({user.email+}).", &account_made},
	{WATCHDOG("user") "New user: {user.target.name*} <{user.email+}>.", &account_made},
	{WATCHDOG("user") "Deleted user: {user.target.name*}{}", &account_removed},
	{WATCHDOG("user") "User {user.name*} used one-time login link at time {}", &let_in},
	{WATCHDOG("access denied") "{event.reason}", &forbidden},
	{WATCHDOG("page not found") "{event.reason}", &forbidden},
	{WATCHDOG("php") "{error.message}", &web_error},
	{WATCHDOG("cron") "{event.reason}", &web_noted},
	{WATCHDOG("{log.logger}") "{event.reason}", &web_noted},
};
enum { WATCHDOG_STROKES = 8 };

/* The address of a page, its referrer and the name that was typed are a stranger's and may have
 * strokes of their own: of what stands behind those only a refusal is believed, of nobody. */
#define STRANGERS "{}|{}|{log.logger}|{source}|{}"
static const struct phrase of_strangers[] = {{STRANGERS, &web_noted}};
static struct phrases strangers = PHRASES(of_strangers);
static const struct phrase of_users[] = {
	{STRANGERS "|Login attempt failed {}", &refused},
	{STRANGERS "|Flood control {}", &locked},
	{STRANGERS, &web_noted},
};
static struct phrases users = PHRASES(of_users);

/* SOGo 2 to 5: SOGoUserManager, SOGoRootPage, WOHttpTransaction */
static const struct phrase of_sogo[] = {
	{"SOGoRootPage Login from '{source+}' for user '{user.name*}' might not have worked - "
	 "password policy: {}",
		&refused},
	{"SOGoRootPage successful login from '{source+}' for user '{user.name*}' - expire = {}",
		&let_in},
	{"{source+} \"{request*}\" {http.response.status_code+} {}", &visited},
	{"{} version {service.version+} -- starting", &started},
	{"terminating{}", &stopped},
};

/* rkhunter 1.4, AIDE 0.16 to 0.18, Tripwire 2.4 */
static const struct phrase of_integrity[] = {
	{"Please inspect this machine, because it may be infected{}", &suspected},
	{"Rootkit checks: Rootkits checked : {} Possible rootkits: 0", &checked},
	{"Rootkit checks: Rootkits checked : {} Possible rootkits: {.rootkits}", &suspected},
	{"Rootkit hunter check started{}", &checked},
	{"Rootkit hunter check ended{}", &checked},
	{"AIDE found differences between database and filesystem{}", &changed_files},
	{"AIDE found NO differences between database and filesystem{}", &checked},
	{"file={file.path*};{}", &changed_files},
	{"Integrity Check Complete: {}", &checked},
	{"Violations detected: {.violations}", &changed_files},
};

/* Kamailio and OpenSIPS: auth, pike, usrloc */
static const struct phrase of_kamailio[] = {
	{"{log.level+}: {.script}: Authentication failed for {user.name*} from {source:}",
		&refused},
	{"{log.level+}: pike {}: PIKE - BLOCKing ip {source+}, {}", &blocked},
	{"{log.level+}: <core> {}: {event.reason}", NULL},
};

/* Podman 2 to 5: libpod/events */
#define CONTAINER(what) "{} m=+{+} container " what " {container.id+} ("
#define OF_IMAGE        "image={container.image.name+}, name={container.name+}{}"
static const struct phrase of_podman[] = {
	{CONTAINER("start") OF_IMAGE, &container_begun},
	{CONTAINER("died") OF_IMAGE, &container_ended},
	{CONTAINER("stop") OF_IMAGE, &container_ended},
	{CONTAINER("remove") OF_IMAGE, &container_ended},
	{CONTAINER("exec_died") OF_IMAGE, NULL},
	{CONTAINER("exec") OF_IMAGE, &container_begun},
	{CONTAINER("{.event+}") OF_IMAGE, NULL},
};

/* Apache Guacamole 1: guacd */
static const struct phrase of_guacd[] = {
	{"Guacamole proxy daemon (guacd) version {service.version+} started", &started},
	{"Creating new client for protocol \"{network.protocol}\"", &session_begun},
	{"User \"{user.id}\" joined connection \"{.connection}\"{}", &session_begun},
	{"User \"{user.id}\" disconnected ({} remain)", &session_ended},
	{"Connection \"{.connection}\" removed.", &session_ended},
};

/* Eclipse Mosquitto 1.4 to 2.0: src/net.c, handle_connect.c, context.c */
static const struct phrase of_mosquitto[] = {
	{"New connection from {source:} on port {destination.port}.", &connected},
	{"New connection from {source+} on port {destination.port}.", &connected},
	{"New client connected from {source:} as {.client*} (p{}, u'{user.name*}').", &let_in},
	{"New client connected from {source:} as {.client*} ({}).", &session_begun},
	{"Client {.client*} [{source:}] disconnected: not authorised.", &refused},
	{"Client {.client*} disconnected, not authorised.", &refused},
	{"Client {.client*} [{source:}] disconnected: {event.reason*}.", &disconnected},
	{"Client {.client*} [{source:}] disconnected.", &disconnected},
	{"Client {.client*} disconnected.", &disconnected},
	{"Client {.client*} has exceeded timeout, disconnecting.", &disconnected},
	{"Socket error on client {.client*}, disconnecting.", &disconnected},
	{"mosquitto version {service.version+} starting", &started},
	{"mosquitto version {service.version+} terminating", &stopped},
};

/* Zabbix 4 to 7: log of the server, proxy and agent */
static const struct phrase of_zabbix[] = {
	{"login failed: user \"{user.name*}\" from {source+}", &refused},
	{"failed login of user \"{user.name*}\"{}", &refused},
	{"cannot accept incoming connection for peer: {source+}", &turned_away},
	{"failed to accept an incoming connection: connection from \"{source}\" rejected{}",
		&turned_away},
	{"Starting Zabbix {.part}. Zabbix {service.version+} (revision {}).", &started},
	{"Zabbix {.part} stopped. Zabbix {service.version+} (revision {}).", &stopped},
	{"{.part+} #{} started [{}]", &started},
};

/* Nagios 3 and 4, Icinga 1: base/logging.c, common/comments */
static const struct phrase of_nagios[] = {
	{"SERVICE ALERT: {host.name};{service.name};{.state};{.kind};{.attempt};{event.reason}",
		&monitored},
	{"HOST ALERT: {host.name};{.state};{.kind};{.attempt};{event.reason}", &monitored},
	{"SERVICE NOTIFICATION: {.contact};{host.name};{service.name};{.state};{.command};"
	 "{event.reason}",
		&monitored},
	{"HOST NOTIFICATION: {.contact};{host.name};{.state};{.command};{event.reason}",
		&monitored},
	{"CURRENT SERVICE STATE: {host.name};{service.name};{.state};{.kind};{.attempt};"
	 "{event.reason}",
		&monitored},
	{"CURRENT HOST STATE: {host.name};{.state};{.kind};{.attempt};{event.reason}",
		&monitored},
	{"EXTERNAL COMMAND: {process.command_line}", &commanded},
	{"Nagios {service.version+} starting... (PID={process.pid})", &started},
	{"Successfully shutdown... (PID={process.pid})", &stopped},
	{"Caught SIGTERM, shutting down...", &stopped},
};

/* Icinga 2: lib/remote/apilistener.cpp, httpserverconnection.cpp */
static const struct phrase of_icinga[] = {
	{"New client connection for identity '{.identity*}' from {source:}{}", &connected},
	{"New client connection from {source:} (no client certificate)", &connected},
	{"API client disconnected for identity '{.identity*}'", &disconnected},
	{"Unauthorized request: {}", &refused},
	{"No valid client certificate for {}", &turned_away},
};

/* Gerrit 2.9 to 3.9: sshd/SshLog.java, behind the session */
static const struct phrase of_gerrit[] = {
	{"{user.name*} - AUTH FAILURE FROM {source+} {event.reason}", &ssh_refused},
	{"- {user.name*} AUTH FAILURE FROM {source+} {event.reason}", &ssh_refused},
	{"{user.name+} {user.id+} LOGIN FROM {source+}", &ssh_let_in},
	{"{user.name+} {user.id+} LOGOUT", &session_ended},
};

/* SonarQube 7 to 10: "auth.event"; the second address is a header of the client's */
static const struct phrase of_sonarqube[] = {
	{"login success [method|{.method}][provider|{}][IP|{source}|{.forwarded*}]"
	 "[login|{user.name*}]",
		&let_in},
	{"login failure [cause|{event.reason}][method|{.method}][provider|{}]"
	 "[IP|{source}|{.forwarded*}][login|{user.name*}]",
		&refused},
	{"logout success [IP|{source}|{.forwarded*}][login|{user.name*}]", &logged_out},
	{"SonarQube is operational", &started},
	{"SonarQube is stopped", &stopped},
};

/* lighttpd 1.4: mod_auth.c, server.c */
static const struct phrase of_lighttpd[] = {
	{"password doesn't match for {url} username: {user.name*} IP: {source+}", &refused},
	{"digest: auth failed for {user.name*}: wrong password, IP: {source+}", &refused},
	{"digest: auth failed for {user.name*} : wrong password, IP: {source+}", &refused},
	{"get_password failed, IP: {source+}", &refused},
	{"server started ({service.version})", &started},
	{"server stopped by {}", &stopped},
};

/* SoftEther VPN 4: server log */
static const struct phrase of_softether[] = {
	{"On the TCP Listener (Port {destination.port}), a Client (IP address {source.ip}, "
	 "Host "
	 "name \"{}\", Port number {source.port}) has connected.",
		&connected},
	{"For the client (IP address: {source.ip}, host name: \"{}\", port number: "
	 "{source.port}), connection \"{.connection}\" has been created.",
		&connected},
	{"Connection \"{.connection}\": User authentication failed. The user name that has "
	 "been "
	 "provided was \"{user.name*}\", from {source.ip*}.",
		&vpn_refused},
	{"Connection \"{.connection}\": User authentication failed. The user name that has "
	 "been "
	 "provided was \"{user.name*}\".",
		&vpn_refused},
	{"Connection \"{.connection}\": Successfully authenticated as user \"{user.name*}\".",
		&vpn_let_in},
	{"The connection \"{.connection}\" (IP address: {source.ip}, Host name: {+}, Port "
	 "number: {source.port}, {}) is attempting to connect to the Virtual Hub. The auth "
	 "type provided is \"{.method}\" and the user name is \"{user.name*}\".",
		&vpn_attempt},
	{"Connection \"{.connection}\" has been terminated.", &disconnected},
	{"Session \"{.session}\": The session has been terminated. {}", &vpn_disconnected},
	{"Session \"{.session}\": The user \"{user.name*}\" has successfully logged on.",
		&vpn_connected},
};

/* Kerio Connect and Control: security and warning logs */
static const struct phrase of_kerio[] = {
	{"Failed {network.protocol+} login from {source+}, user {user.name*}", &refused},
	{"Failed {network.protocol+} login from {source+} with SASL method {+}, user "
	 "{user.name*}",
		&refused},
	{"{network.protocol+}: Invalid password for user {user.name*}. Attempt from IP address "
	 "{source.ip*}.",
		&refused},
	{"{network.protocol+}: User {user.name*} doesn't exist. Attempt from IP address "
	 "{source.ip*}.",
		&refused},
	{"{network.protocol+}: User {user.name*} is locked. Attempt from IP address "
	 "{source.ip*}.",
		&locked},
	{"IP address {source+} found in DNS blacklist {.list}, mail from {}", &blocked},
};

/* hMailServer 5: what its servers send */
static const struct phrase of_hmailserver[] = {
	{"SENT: 535 {event.reason}", &refused},
	{"SENT: -ERR Invalid user name or password{}", &refused},
	{"SENT: {+} NO Invalid user name or password{}", &refused},
	{"SENT: 235 {}", &let_in},
	{"SENT: +OK Mailbox locked and ready{}", &let_in},
	{"SENT: {+} OK LOGIN completed{}", &let_in},
	{"TCP - {source+} connected to {destination:}.", &connected},
};

/* Prosody 0.9 to 0.12: mod_c2s, mod_saslauth, mod_log_auth */
static const struct phrase of_prosody[] = {
	{"Failed authentication attempt ({event.reason}) for user {user.name*} from IP: "
	 "{source+}",
		&refused},
	{"Failed authentication attempt ({event.reason}) from IP: {source+}", &refused},
	{"Successful authentication for user {user.name*} from IP: {source+}", &let_in},
	{"Authenticated as {user.name*}", &let_in},
	{"Client connected", &connected},
	{"Client disconnected: {event.reason}", &disconnected},
};

/* EMQX 4 and 5, by the order of its formatter */
static const struct phrase of_emqx[] = {
	{"{}msg: authentication_failure, {}peername: {source:}, {}", &refused},
};
/* What a client chose stands before and behind: which of several is its own nobody knows. */
static const struct phrase of_liars[] = {{"{}msg: authentication_failure, {}", &refused}};
static struct phrases liars = PHRASES(of_liars);

/* Apache Guacamole 1: org.apache.guacamole.rest.auth */
static const struct phrase of_guacamole[] = {
	{"Authentication attempt from {source+} for user \"{user.name*}\" failed.", &refused},
	{"Authentication attempt from [{source}, {}] for user \"{user.name*}\" failed.",
		&refused},
	{"Anonymous authentication attempt from {source+} failed.", &refused},
	{"User \"{user.name*}\" successfully authenticated from {source.ip*}.", &let_in},
	{"User \"{user.name*}\" successfully authenticated from [{source}, {}].", &let_in},
	{"User \"{user.name*}\" connected to connection \"{.connection*}\".", &session_begun},
	{"User \"{user.name*}\" disconnected from connection \"{.connection*}\".{}",
		&session_ended},
};

/* Falco: what its rules say, with values of the event in brackets, or behind a bar, at the end
 */
static const struct phrase of_falco[] = {
	{"{} ({}={})", &rule_matched},
	{"{} | {}={}", &rule_matched},
};

/* CUPS 1.4 to 2.4: scheduler/client.c, auth.c, job.c */
static const struct phrase of_cups[] = {
	{"[Client {}] pam_authenticate() returned {} ({event.reason*})", &refused},
	{"[Client {}] Accepted from {source:} ({})", &connected},
	{"[Job {.job}] Queued on \"{.printer}\" by \"{user.name*}\".", &printed},
	{"[Job {.job}] {event.reason}", NULL},
	{"Listening to {}", &started},
};

/* OSSEC and Wazuh, their alerts by syslog: os_csyslogd/alert.c */
#define OSSEC "Alert Level: {event.severity}; Rule: {rule.id} - {rule.name}; Location: "
#define AGENT OSSEC "({host.name}) {.location+}; "
#define LOCAL OSSEC "{.location+}; "
static const struct phrase of_ossec[] = {
	{AGENT "srcip: {source+}; user: {user.name+}; {}", &alerted},
	{LOCAL "srcip: {source+}; user: {user.name+}; {}", &alerted},
	{AGENT "srcip: {source+}; {}", &alerted},
	{LOCAL "srcip: {source+}; {}", &alerted},
	{AGENT "user: {user.name+}; {}", &alerted},
	{LOCAL "user: {user.name+}; {}", &alerted},
	{AGENT "{}", &alerted},
	{LOCAL "{}", &alerted},
};

/* SSSD 1.16 to 2.9: children that speak to the servers */
static const struct phrase of_sssd[] = {
	{"Preauthentication failed", &ticket_refused},
	{"Client '{user.name*}' not found in Kerberos database", &ticket_refused},
	{"Client's credentials have been revoked", &locked},
	{"Starting up", &started},
	{"Shutting down{}", &stopped},
	{"Backend is offline", &failed},
};

#define SERVICES(X)                                                                            \
	X("krb5kdc", of_kdc)                                                                   \
	X("kadmind", of_kadmind)                                                               \
	X("tac_plus", of_tacacs)                                                               \
	X("tac_plus-ng", of_tacacs)                                                            \
	X("webmin", of_webmin)                                                                 \
	X("usermin", of_webmin)                                                                \
	X("LLNG", of_lemonldap)                                                                \
	X("LemonLDAP", of_lemonldap)                                                           \
	X("dropbear", of_dropbear)                                                             \
	X("doas", of_doas)                                                                     \
	X("ocserv", of_ocserv)                                                                 \
	X("cockpit-ws", of_cockpit)                                                            \
	X("cockpit-session", of_cockpit)                                                       \
	X("atd", of_atd)                                                                       \
	X("xrdp", of_xrdp)                                                                     \
	X("xrdp-sesman", of_xrdp)                                                              \
	X("Xvnc", of_vnc)                                                                      \
	X("xvnc", of_vnc)                                                                      \
	X("vncserver", of_vnc)                                                                 \
	X("x0vncserver", of_vnc)                                                               \
	X("x11vnc", of_vnc)                                                                    \
	X("x2gostartagent", of_x2go)                                                           \
	X("x2gosuspend-session", of_x2go)                                                      \
	X("x2goresume-session", of_x2go)                                                       \
	X("x2goterminate-session", of_x2go)                                                    \
	X("drupal", of_drupal)                                                                 \
	X("sogod", of_sogo)                                                                    \
	X("rkhunter", of_integrity)                                                            \
	X("aide", of_integrity)                                                                \
	X("tripwire", of_integrity)                                                            \
	X("kamailio", of_kamailio)                                                             \
	X("opensips", of_kamailio)                                                             \
	X("podman", of_podman)                                                                 \
	X("guacd", of_guacd)                                                                   \
	X("mosquitto", of_mosquitto)                                                           \
	X("krb5_child", of_sssd)                                                               \
	X("ldap_child", of_sssd)                                                               \
	X("zabbix", of_zabbix)                                                                 \
	X("zabbix_server", of_zabbix)                                                          \
	X("zabbix_proxy", of_zabbix)                                                           \
	X("zabbix_agentd", of_zabbix)                                                          \
	X("zabbix_agent2", of_zabbix)                                                          \
	X("nagios", of_nagios)                                                                 \
	X("icinga", of_nagios)                                                                 \
	X("icinga2", of_icinga)                                                                \
	X("gerrit", of_gerrit)                                                                 \
	X("sonarqube", of_sonarqube)                                                           \
	X("lighttpd", of_lighttpd)                                                             \
	X("softether", of_softether)                                                           \
	X("vpnserver", of_softether)                                                           \
	X("kerio", of_kerio)                                                                   \
	X("hmailserver", of_hmailserver)                                                       \
	X("prosody", of_prosody)                                                               \
	X("emqx", of_emqx)                                                                     \
	X("guacamole", of_guacamole)                                                           \
	X("falco", of_falco)                                                                   \
	X("cupsd", of_cups)                                                                    \
	X("ossec", of_ossec)                                                                   \
	X("sssd", of_sssd)

struct service {
	const char *program;
	struct phrases phrases;
};

#define AS_SERVICE(program, sentences) {program, PHRASES(sentences)},
#define AS_NAME(program, sentences)    program,

static struct service services[] = {SERVICES(AS_SERVICE)};
static const char *const programs[] = {SERVICES(AS_NAME) NULL};

/* Of "/usr/bin/x2gostartagent" the last part. */
static struct service *find_service(struct slice program)
{
	struct slice before, name = program;

	(void)cut_last(program, SLICE_LIT("/"), &before, &name);
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (slice_eq(slice_str(services[i].program), name))
			return &services[i];
	}
	return NULL;
}

enum { LEVEL_MAX = 9 };

/* "WARN", "WARN " */
static bool is_level(struct slice word)
{
	word = slice_trim(word);
	for (size_t i = 0; i < word.len; i++) {
		if ((word.ptr[i] | 0x20) < 'a' || (word.ptr[i] | 0x20) > 'z')
			return false;
	}
	return word.len > 0;
}

/* "(info): " behind krb5kdc's process, "[WARN ] " of xrdp, "[notice] " of LemonLDAP::NG */
static struct slice take_level(struct slice *text)
{
	const char closes = text->len > 0 && text->ptr[0] == '(' ? ')' : ']';
	struct slice rest = *text, level;

	if ((!skip_byte(&rest, '(') && !skip_byte(&rest, '[')) ||
		!take_until(&rest, closes, &level) || level.len > LEVEL_MAX || !is_level(level))
		return SLICE_NONE;
	(void)skip_byte(&rest, ':');
	if (!skip_byte(&rest, ' '))
		return SLICE_NONE;
	skip_blanks(&rest);
	*text = rest;
	return slice_trim(level);
}

static bool has_strokes(struct slice text, unsigned n)
{
	while (n > 0 && slice_find(text, '|') < text.len) {
		text = slice_from(text, slice_find(text, '|') + 1);
		n--;
	}
	return n == 0;
}

/* "...|...|user|...": the third place, before all that a stranger writes */
static bool is_of_users(struct slice text)
{
	struct slice place;

	return take_until(&text, '|', &place) && take_until(&text, '|', &place) &&
	       slice_starts(text, SLICE_LIT("user|"));
}

static bool says_twice(struct slice text, struct slice words)
{
	size_t at = slice_search(text, words);

	return at < text.len &&
	       slice_search(slice_from(text, at + 1), words) < text.len - at - 1;
}

static struct phrases *phrases_of(struct service *service, struct slice text)
{
	if (service->phrases.list == of_drupal && has_strokes(text, WATCHDOG_STROKES + 1))
		return is_of_users(text) ? &users : &strangers;
	if (service->phrases.list == of_emqx && says_twice(text, SLICE_LIT("peername: ")))
		return &liars;
	if (service->phrases.list == of_kadmind && says_twice(text, SLICE_LIT("client=")))
		return &askers;
	return &service->phrases;
}

bool service_says(struct slice program, struct slice text)
{
	struct service *service = find_service(program);

	if (service == NULL)
		return false;
	(void)take_level(&text);
	return phrases_have(phrases_of(service, text), slice_trim(text));
}

static bool tells_outcome(const struct phrase *said)
{
	return said->meaning != NULL && !slice_absent(said->meaning->outcome);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct service *service = find_service(context->program);
	struct slice text = context->message, level;
	const struct phrase *said;
	struct phrases *phrases;

	if (service == NULL)
		return PARSED_NOT_MINE;
	level = take_level(&text);
	phrases = phrases_of(service, text);
	said = phrases_read(phrases, record, context, slice_trim(text));
	if (said == NULL)
		return PARSED_NOT_MINE;
	put_some(record, context, FIELD_LOG_LEVEL, level);
	return phrases != &service->phrases && !tells_outcome(said) ? PARSED_PARTLY : PARSED;
}

const struct parser parser_services = {
	.number = 144,
	.name = "services",
	.module = "services",
	.summary = "services people sign in to: Kerberos, TACACS+, Webmin, Dropbear, ocserv, "
		   "xrdp, VNC, Drupal, SOGo, Mosquitto, ...",
	.source = "their sources and manuals: MIT Kerberos, tac_plus, Webmin, LemonLDAP::NG, "
		  "Dropbear, OpenDoas, ocserv, Cockpit, xrdp, TigerVNC, X2Go, Drupal, SOGo, "
		  "rkhunter, AIDE, Kamailio, Podman, Guacamole, Mosquitto, SSSD",
	.programs = programs,
	.parse = parse,
};
