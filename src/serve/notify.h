/* Tells the service manager how it stands: sd_notify(3)'s protocol, which is one datagram to where
 * NOTIFY_SOCKET says. Without that variable, or with nobody there, nothing is told. */
#ifndef ROLLCALL_SERVE_NOTIFY_H
#define ROLLCALL_SERVE_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
