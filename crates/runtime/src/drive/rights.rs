//! Tokens, secrets, and what cannot be taken back.

use std::time::Duration;

use motet_engine::token::{self, Minted};
use motet_engine::{CatalogInput, Grant, SecretName};
use motet_store::{Answer, Filter, Order, Position, Query, Row, Test, Value};
use motet_types::{InstanceId, Label};

use super::Inner;
use super::inner::{check_size, ensure_of_instance, unexpected};
use super::vault::{SECRET_BYTES_MAX, random};
use crate::shard::{Input, Reply};
use crate::tables::{ENDED, id_value};
use crate::{Actor, Error, InstanceFilter, InstanceView, Note, TokenRequest};

/// Instances that one page of a purge looks at.
const PAGE_ROWS: usize = 256;

impl Inner {
    pub(crate) async fn create_token(
        &self,
        request: TokenRequest,
        actor: Actor,
    ) -> Result<(Minted, Position), Error> {
        let minted = token::mint(random()?);
        let TokenRequest { name, roles, namespaces, description, expires } = request;
        let grant = Grant { name, hash: minted.hash, roles, namespaces, description, expires };
        let input = CatalogInput::CreateToken { id: minted.id.clone(), grant: Box::new(grant) };
        let position = self.change(input, actor).await?;
        Ok((minted, position))
    }

    pub(crate) async fn revoke_token(
        &self,
        id: Label,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Position, Error> {
        self.change(CatalogInput::RevokeToken { id, reason }, actor).await
    }

    pub(crate) async fn set_secret(
        &self,
        name: SecretName,
        value: &str,
        actor: Actor,
    ) -> Result<Position, Error> {
        check_size("the secret", value.len(), SECRET_BYTES_MAX)?;
        let sealed = self.seal.seal(&name, value)?;
        self.change(CatalogInput::SetSecret { name, sealed }, actor).await
    }

    pub(crate) async fn delete_secret(
        &self,
        name: SecretName,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Position, Error> {
        self.change(CatalogInput::DeleteSecret { name, reason }, actor).await
    }

    pub(crate) async fn note(&self, note: Note) -> Result<Position, Error> {
        let note = Box::new(note);
        match self.ask(|reply| Input::Note { note, reply }).await? {
            (Reply::Done, position) => Ok(position),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Removes the descendants first, so that a purge that was broken off can be repeated.
    pub(crate) async fn purge(
        &self,
        id: InstanceId,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<(u64, Position), Error> {
        ensure_of_instance(id)?;
        let (instance, mut position) = self.instance(id, Duration::ZERO).await?;
        if !instance.status.is_final() {
            let reason = "only an instance that has ended can be purged".to_owned();
            return Err(Error::Conflict { status: instance.status, reason });
        }
        self.ensure_ended_above(&instance).await?;
        let mut family = self.descendants(id).await?;
        family.insert(0, id);
        let mut count = 0;
        for id in family.into_iter().rev() {
            let (reason, actor) = (reason.clone(), actor.clone());
            let ends = self.ends_of(id, &instance).await?;
            match self.ask(|reply| Input::Purge { id, ends, reason, actor, reply }).await {
                Ok((Reply::Purged, at)) => {
                    count += 1;
                    position = position.max(at);
                }
                Ok((other, _)) => return Err(unexpected(&other)),
                // It went meanwhile.
                Err(Error::UnknownInstance(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((count, position))
    }

    /// The rows of an instance in the table of ended instances: it has one for each end, at the time of that. `root` began
    /// before it.
    async fn ends_of(&self, id: InstanceId, root: &InstanceView) -> Result<Vec<Row>, Error> {
        let filter = |column, test| Filter { column, test };
        let began = Value::Int(root.started_at.as_micros());
        let query = Query {
            table: ENDED.id,
            filters: vec![
                filter("ended", Test::AtLeast(began)),
                filter("instance", Test::Equal(id_value(id))),
            ],
            count_by: None,
            order: Order::Ascending,
            after: None,
            limit: PAGE_ROWS,
        };
        match self.query(query).await? {
            Answer::Rows { rows, .. } => Ok(rows),
            Answer::Counts { .. } => Ok(Vec::new()),
        }
    }

    /// What an instance above may still need stays.
    async fn ensure_ended_above(&self, instance: &InstanceView) -> Result<(), Error> {
        let mut above = instance.parent;
        for _ in 0..=self.limits.children_depth_max {
            let Some(id) = above else { return Ok(()) };
            match self.instance(id, Duration::ZERO).await {
                Ok((instance, _)) if instance.status.is_final() => above = instance.parent,
                Ok((_, _)) => {
                    let reason = format!("{id} above it has not ended and may need it");
                    return Err(Error::Conflict { status: instance.status, reason });
                }
                Err(Error::UnknownInstance(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Those below that have ended, each after the one that started it. One that goes on is left alone, with what it started.
    async fn descendants(&self, root: InstanceId) -> Result<Vec<InstanceId>, Error> {
        let at = self.position();
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(parent) = open.pop() {
            let filter = InstanceFilter { parent: Some(parent), ..InstanceFilter::default() };
            let mut after = None;
            loop {
                let page = self.instances(filter.clone(), after, PAGE_ROWS, Some(at)).await?;
                let ended = page.items.iter().filter(|row| row.status.is_final());
                let ended: Vec<InstanceId> = ended.map(|row| row.id).collect();
                found.extend(&ended);
                open.extend(ended);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}
