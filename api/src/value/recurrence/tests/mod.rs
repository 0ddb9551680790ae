mod agreement;
mod days;
mod plain;
mod texts;
