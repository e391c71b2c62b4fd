"""Whatever speaks the OpenAI Videos API: gateways such as LiteLLM and new-api, another portal, and OpenAI until it closed."""

from providers.vendors.openai_videos.wire import OpenAIVideos

__all__ = ["OpenAIVideos"]
