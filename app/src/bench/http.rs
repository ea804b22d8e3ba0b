//! A plain keep-alive HTTP/1.1 client for loading pages on the loopback: enough for our own server and nothing else.
use kernel::{Error, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
    cookie: String,
    line: String,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub status: u16,
    pub bytes: usize,
}

fn io(e: std::io::Error) -> Error {
    Error::Internal(format!("bench client: {e}"))
}

impl Client {
    pub async fn connect(to: SocketAddr, cookie: &str) -> Result<Client> {
        let stream = TcpStream::connect(to).await.map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        Ok(Client {
            stream: BufReader::new(stream),
            host: to.to_string(),
            cookie: cookie.to_string(),
            line: String::new(),
            body: Vec::new(),
        })
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n", self.host, self.cookie);
        self.ask(&request).await
    }

    /// Sends a form with the token of the session's forms.
    pub async fn post(&mut self, path: &str, csrf: &str, form: &str) -> Result<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nx-csrf-token: {csrf}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            self.host,
            self.cookie,
            form.len()
        );
        self.ask(&request).await
    }

    /// Asks for a stream of events and leaves it open: each call of [`Client::event`] waits for the next.
    pub async fn listen(&mut self, path: &str) -> Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\naccept: text/event-stream\r\n\r\n",
            self.host, self.cookie
        );
        self.stream.get_mut().write_all(request.as_bytes()).await.map_err(io)?;
        let status = self.next_line().await?;
        if !status.contains(" 200") {
            return Err(Error::Internal(format!("bench client: {path} answered {status}")));
        }
        while !self.next_line().await?.is_empty() {}
        Ok(())
    }

    /// The next `data:` line of the stream.
    pub async fn event(&mut self) -> Result<String> {
        loop {
            let line = self.next_line().await?;
            if let Some(data) = line.strip_prefix("data:") {
                return Ok(data.trim().to_string());
            }
        }
    }

    async fn ask(&mut self, request: &str) -> Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes()).await.map_err(io)?;
        let status = self.next_line().await?.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let (mut length, mut chunked) = (0usize, false);
        loop {
            let line = self.next_line().await?;
            if line.is_empty() {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(n) = lower.strip_prefix("content-length:") {
                length = n.trim().parse().unwrap_or(0);
            }
            chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
        }
        let bytes = if chunked { self.chunks().await? } else { self.skip(length).await? };
        Ok(Answer { status, bytes })
    }

    async fn next_line(&mut self) -> Result<String> {
        self.line.clear();
        let n = self.stream.read_line(&mut self.line).await.map_err(io)?;
        if n == 0 {
            return Err(Error::Internal("bench client: the server closed the connection".into()));
        }
        Ok(self.line.trim_end().to_string())
    }
    async fn skip(&mut self, n: usize) -> Result<usize> {
        self.body.resize(n, 0);
        self.stream.read_exact(&mut self.body).await.map_err(io)?;
        Ok(n)
    }
    async fn chunks(&mut self) -> Result<usize> {
        let mut total = 0;
        loop {
            let line = self.next_line().await?;
            let n = usize::from_str_radix(line.trim(), 16)
                .map_err(|_| Error::Internal("bench client: bad chunk".into()))?;
            self.skip(n + 2).await?;
            if n == 0 {
                return Ok(total);
            }
            total += n;
        }
    }
}
