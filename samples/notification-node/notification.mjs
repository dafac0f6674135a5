// The notification service in Node 20, with the standard library only. It appends one line of JSON per notification to a file.
import { createServer } from 'node:http';
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';

const TOPIC = 'inventory.updated';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ITEM_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TOKEN = process.env.APP_API_TOKEN;
const file = openSync(process.env.NOTIFICATIONS_FILE ?? 'notifications.jsonl', 'a+');

const notifications = []; // oldest first
const notified = new Set(); // "<order id> <outcome>"

function add(notification) {
  notifications.push(notification);
  notified.add(`${notification.order_id} ${notification.outcome}`);
}

function readFile() {
  const text = readFileSync(file, 'utf8');
  const completeLines = text.slice(0, text.lastIndexOf('\n') + 1);
  ftruncateSync(file, Buffer.byteLength(completeLines)); // an incomplete line was never acknowledged, so its event is redelivered
  completeLines.split('\n').filter(line => line).forEach(line => add(JSON.parse(line)));
}

function append(notification) {
  const size = fstatSync(file).size;
  try {
    writeFileSync(file, `${JSON.stringify(notification)}\n`);
    fsyncSync(file);
  } catch (error) {
    ftruncateSync(file, size); // an incomplete line would make the next one unreadable
    throw error;
  }
}

/** Returns the reason why this is not a valid inventory.updated event, or null. Unknown fields are valid, because later versions may add some. */
function findError(data) {
  if (typeof data !== 'object' || data === null) return 'no data';
  if (typeof data.order_id !== 'string' || !UUID.test(data.order_id)) return 'order_id';
  if (typeof data.item_id !== 'string' || !ITEM_ID.test(data.item_id)) return 'item_id';
  if (!Number.isInteger(data.quantity) || data.quantity < 1 || data.quantity > 1000) return 'quantity';
  if (data.outcome !== 'reserved' && data.outcome !== 'rejected') return 'outcome';
  return data.reason === null || typeof data.reason === 'string' ? null : 'reason';
}

/** Stores one notification per order and outcome. If the file cannot be written, the exception becomes a 500 and Dapr redelivers the event. */
function handle(event) {
  const data = event?.data;
  const error = findError(data);
  if (error) {
    console.error(`Dropped event ${JSON.stringify(event?.id)}: ${error}`); // escaped, because an id could forge a line of the log
    return { status: 'DROP' }; // Dapr sends it to the dead-letter topic; a retry would fail in the same way
  }
  if (notified.has(`${data.order_id} ${data.outcome}`)) return { status: 'SUCCESS' };
  const { order_id, item_id, quantity, outcome, reason } = data;
  const notification = { id: randomUUID(), order_id, item_id, quantity, outcome, reason, created_at: new Date().toISOString() };
  append(notification);
  add(notification);
  console.log(`Notified of order ${order_id}: ${reason ?? outcome}`);
  return { status: 'SUCCESS' };
}

class ValidationError extends Error {
  constructor(name, rule) {
    super('One or more validation errors occurred.');
    this.errors = { [name]: [`${name} ${rule}`] };
  }
}

function list(query) {
  const orderId = query.get('order_id')?.toLowerCase() ?? null;
  if (orderId !== null && !UUID.test(orderId)) throw new ValidationError('order_id', 'must be a UUID.');
  const limit = query.get('limit') ?? '50';
  if (!/^[0-9]{1,3}$/.test(limit) || +limit < 1 || +limit > 200) throw new ValidationError('limit', 'must be a whole number from 1 to 200.');
  const cursor = query.get('cursor');
  const end = cursor === null ? notifications.length : notifications.findIndex(notification => notification.id === cursor);
  if (end < 0) throw new ValidationError('cursor', 'must be the next value of an earlier page of this list.');

  const items = [];
  for (let i = end - 1; i >= 0 && items.length <= limit; i--) { // one item more than the limit shows that there is a next page
    if (orderId === null || notifications[i].order_id === orderId) items.push(notifications[i]);
  }
  const page = items.slice(0, limit);
  return { items: page, next: items.length > limit ? page.at(-1).id : null };
}

class ForbiddenError extends Error {}

/** Only the sidecar may send events. It sends APP_API_TOKEN, which is optional for this sample. */
function requireSidecar({ headers }) {
  const sent = Buffer.from(headers['dapr-api-token'] ?? '');
  const isSidecar = !TOKEN || (sent.length === Buffer.byteLength(TOKEN) && timingSafeEqual(sent, Buffer.from(TOKEN)));
  if (!isSidecar || headers['dapr-caller-app-id']) throw new ForbiddenError('Only for the sidecar');
}

/** Reads an event; null if the body is not JSON, because an error would make Dapr redeliver it indefinitely. */
async function readEvent(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks));
  } catch {
    return null;
  }
}

async function route(request) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  switch (`${request.method} ${pathname}`) {
    case 'GET /dapr/subscribe':
      return [{ pubsubname: 'pubsub', topic: TOPIC, route: `/events/${TOPIC}`, deadLetterTopic: 'notification.dead' }];
    case `POST /events/${TOPIC}`:
      requireSidecar(request);
      return handle(await readEvent(request));
    case 'GET /notifications':
      return list(searchParams);
    case 'GET /healthz/live':
    case 'GET /healthz/ready':
      return { status: 'healthy' };
    default:
      return null;
  }
}

function send(response, status, body) {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body));
}

const server = createServer(async (request, response) => {
  try {
    const body = await route(request);
    if (body === null) send(response, 404, { title: 'Not Found', status: 404 });
    else send(response, 200, body);
  } catch (error) {
    if (error instanceof ValidationError) return send(response, 400, { title: error.message, status: 400, errors: error.errors });
    if (error instanceof ForbiddenError) return send(response, 403, { title: error.message, status: 403 });
    console.error(error);
    send(response, 500, { title: 'The service failed', status: 500 });
  }
});

readFile();
server.listen(Number(process.env.APP_PORT ?? 8003), '127.0.0.1', () => console.log(`Listening with ${notifications.length} notifications`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
