// The browser's end of GoNB's channel between cells and JavaScript. It defines
// globalThis.gonb_comm with send, subscribe, unsubscribe, newSyncedVariable and
// close, as GoNB documents them, over a WebSocket to the Jupyter server.
(() => {
  "use strict";
  const kernel = "{{KERNEL}}";
  const former = globalThis.gonb_comm;
  if (former) {
    if (former.kernel === kernel && former.isOpen()) {
      former.open();
      return;
    }
    former.close();
  }

  const id = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const session = id();
  let config = {};
  try {
    config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  } catch (e) {
    // An older notebook: its address is at the root of the host.
  }

  function address() {
    const base = new URL(config.baseUrl || document.body?.dataset?.baseUrl || "/", location.href);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    base.pathname = base.pathname.replace(/\/?$/, "/") + "api/kernels/" + kernel + "/channels";
    base.search = "?session_id=" + session + (config.token ? "&token=" + encodeURIComponent(config.token) : "");
    return base.href;
  }

  let commId = null;
  let acknowledged = false;
  let waiting = [];
  const subscriptions = new Map(); // address → Map of symbol → callback
  const variables = new Map(); // address → synced variable
  const socket = new WebSocket(address());

  function post(type, content) {
    const header = { msg_id: id(), msg_type: type, username: "", session, date: new Date().toISOString(), version: "5.3" };
    socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: "shell", buffers: [] }));
  }

  function deliver(data) {
    if (data.address === "#comm_open_ack") {
      acknowledged = true;
      for (const message of waiting.splice(0)) {
        post("comm_msg", message());
      }
    } else if (data.address === "#heartbeat/ping") {
      post("comm_msg", { comm_id: commId, data: { address: "#heartbeat/pong", value: true } });
    } else if (data.read_request) {
      const variable = variables.get(data.address);
      if (variable) {
        comm.send(data.address, variable.get());
      }
    } else if (data.value !== undefined) {
      for (const callback of Array.from(subscriptions.get(data.address)?.values() ?? [])) {
        callback(data.address, data.value);
      }
    }
  }

  const comm = {
    kernel,
    isOpen: () => socket.readyState <= WebSocket.OPEN,
    open() {
      commId = id();
      acknowledged = false;
      post("comm_open", { comm_id: commId, target_name: "gonb_comm", kernel_id: kernel, data: {} });
    },
    send(address, value) {
      const message = () => ({ comm_id: commId, data: { address, value } });
      if (acknowledged) {
        post("comm_msg", message());
      } else {
        waiting.push(message);
      }
    },
    subscribe(address, callback) {
      const key = Symbol(address);
      if (!subscriptions.has(address)) {
        subscriptions.set(address, new Map());
      }
      subscriptions.get(address).set(key, callback);
      return key;
    },
    unsubscribe(key) {
      for (const callbacks of subscriptions.values()) {
        callbacks.delete(key);
      }
    },
    newSyncedVariable(address, value) {
      let variable = variables.get(address);
      if (!variable) {
        variable = new SyncedVariable(address);
        variables.set(address, variable);
      }
      variable.set(value);
      return variable;
    },
    close() {
      if (globalThis.gonb_comm === comm) {
        delete globalThis.gonb_comm;
      }
      if (acknowledged && socket.readyState === WebSocket.OPEN) {
        post("comm_close", { comm_id: commId, data: {} });
      }
      socket.close();
    },
  };

  // A value that cells and the page share under an address.
  class SyncedVariable {
    constructor(address) {
      this.address = address;
      this.value = null;
      this.callbacks = new Map();
      comm.subscribe(address, (_, value) => this.take(value));
    }
    take(value) {
      if (value === this.value) {
        return;
      }
      this.value = value;
      for (const callback of Array.from(this.callbacks.values())) {
        callback(value);
      }
    }
    set(value) {
      if (value === this.value) {
        return;
      }
      this.take(value);
      comm.send(this.address, value);
    }
    get() {
      return this.value;
    }
    subscribe(callback) {
      const key = Symbol(this.address);
      this.callbacks.set(key, callback);
      return key;
    }
    unsubscribe(key) {
      this.callbacks.delete(key);
    }
  }

  globalThis.gonb_comm = comm;
  socket.onopen = () => comm.open();
  socket.onclose = () => {
    if (globalThis.gonb_comm === comm) {
      delete globalThis.gonb_comm;
    }
  };
  socket.onerror = () => console.error("gonb_comm: no connection to the kernel at " + address().split("?")[0]);
  socket.onmessage = (event) => {
    if (typeof event.data !== "string") {
      return; // a message with buffers
    }
    const message = JSON.parse(event.data);
    const type = message.header?.msg_type ?? message.msg_type;
    if (type === "comm_msg" && message.content?.comm_id === commId) {
      deliver(message.content.data ?? {});
    }
  };
})();
