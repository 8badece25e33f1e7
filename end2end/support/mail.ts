// The mails of a program without a mail server: files in its data folder.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Mail {
  subject: string;
  /** The plain form, decoded. */
  text: string;
}

/** The mails to an address that lie in a folder, oldest first. */
export async function mailsTo(folder: string, address: string): Promise<Mail[]> {
  const names = await readdir(folder).catch(() => []);
  const mails: Mail[] = [];
  // Their names begin with the time.
  for (const name of names.filter((name) => name.endsWith(".eml")).sort()) {
    const message = await readFile(join(folder, name), "utf8");
    if (header(message, "To") === address) mails.push({ subject: header(message, "Subject"), text: plainText(message) });
  }
  return mails;
}

/** The first address in a mail that begins with this. */
export function linkIn(mail: Mail, start: string): string {
  const link = mail.text.split(/\s+/).find((word) => word.startsWith(start));
  if (link === undefined) throw new Error(`no link to ${start} in:\n${mail.text}`);
  return link;
}

function header(message: string, name: string): string {
  const head = message.split("\r\n\r\n", 1)[0].replace(/\r\n[ \t]/g, " ");
  const line = head.split("\r\n").find((line) => line.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? "";
}

function plainText(message: string): string {
  // A line of the text may begin with hyphens too.
  const boundary = /boundary="([^"]+)"/.exec(message)?.[1] ?? "";
  const part = message.split(`\r\n--${boundary}`).find((part) => part.includes("Content-Type: text/plain")) ?? "";
  const body = part.slice(part.indexOf("\r\n\r\n") + 4);
  if (part.includes("Content-Transfer-Encoding: base64")) return Buffer.from(body, "base64").toString("utf8");
  if (!part.includes("Content-Transfer-Encoding: quoted-printable")) return body;
  const bytes = body.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
